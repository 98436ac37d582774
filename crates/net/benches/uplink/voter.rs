//! A node's part in one consensus instance over a real host: what `node` does around `duty`, reduced to agreement.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use duty::{ConsensusMessage, Duty, Value};
use net::{Event, To, wire};
use qbft::{Config, Draft, Extra, Hash, Input, Instance, Kind, Output, PeerIndex, Role, Round, Time, Timer};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::cluster::{Node, key};

/// What one node saw.
#[derive(Default)]
pub(crate) struct Course {
    /// When the leader of round 1 was heard.
    pub(crate) proposal: Option<Duration>,
    /// When, and in which round, it decided.
    pub(crate) decision: Option<(Duration, Round)>,
}

pub(crate) struct Voter<'a> {
    node: &'a mut Node,
    me: PeerIndex,
    duty: Duty,
    instance: Instance,
    values: BTreeMap<Hash, Value>,
    begun: Instant,
    expires: Instant,
    course: Course,
}

impl<'a> Voter<'a> {
    /// A node that would propose `own`; messages of the duty are of use for `lifetime`.
    pub(crate) fn new(node: &'a mut Node, me: u8, own: Value, begun: Instant, lifetime: Duration) -> Self {
        let (me, duty) = (PeerIndex(me), duty_of(&own));
        let timer = Timer { anchor: Time(0), extra: Extra::EveryRound(500) };
        let config = Config {
            peers: crate::NODES.into(),
            leader_offset: duty.leader_offset(),
            timer,
            role: Role::Voter,
        };
        let instance = Instance::new(config, me);
        let values = BTreeMap::from([(own.hash, own)]);
        let (expires, course) = (begun + lifetime, Course::default());
        Voter { node, me, duty, instance, values, begun, expires, course }
    }

    /// Votes until it has decided, or the duty is over.
    pub(crate) async fn vote(mut self) -> Course {
        let own = *self.values.keys().next().expect("a node proposes its own value");
        self.step([Input::Start, Input::Propose(own)]);
        while self.course.decision.is_none() {
            let tick = self.instance.deadline().map_or(self.expires, |deadline| self.instant(deadline));
            let event = tokio::select! {
                event = timeout_at(self.expires, self.node.events.recv()) => event,
                () = sleep_until(tick.min(self.expires)) => {
                    self.step([Input::Tick]);
                    continue;
                }
            };
            match event {
                Ok(Some(Event::Consensus { message, .. })) if message.duty == self.duty => {
                    self.receive(message)
                }
                Ok(Some(Event::Fault { peer, why })) => eprintln!("{peer}: {why}"),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
            if Instant::now() >= self.expires {
                break;
            }
        }
        self.course
    }

    fn receive(&mut self, message: ConsensusMessage) {
        if message.message.kind == Kind::PrePrepare && message.message.round == Round::FIRST {
            self.course.proposal.get_or_insert(self.begun.elapsed());
        }
        self.values.extend(message.values.into_iter().map(|value| (value.hash, value)));
        self.step([Input::Receive(message.message)]);
    }

    fn step<const N: usize>(&mut self, inputs: [Input; N]) {
        let (mut inputs, mut out) = (VecDeque::from(inputs), Vec::new());
        while let Some(input) = inputs.pop_front() {
            let now = Time(i64::try_from(self.begun.elapsed().as_nanos()).expect("less than a slot"));
            self.instance.step(now, input, &mut out);
            for output in out.drain(..) {
                match output {
                    Output::Broadcast(draft) => inputs.push_back(Input::Receive(self.send(To::All, draft))),
                    Output::Send(peer, draft) => drop(self.send(To::Peer(peer), draft)),
                    Output::Check { value, .. } => inputs.push_back(Input::Verdict { value, accept: true }),
                    Output::Decide { round, .. } => {
                        self.course.decision = Some((self.begun.elapsed(), round))
                    }
                    _ => {}
                }
            }
        }
    }

    fn send(&self, to: To, draft: Draft) -> qbft::Message {
        let message = wire::sign(&key(self.me.0), self.me, self.duty, draft);
        let messages = std::iter::once(&message).chain(&message.justification);
        let named: BTreeMap<_, _> = messages
            .flat_map(|message| [message.value, message.prepared_value])
            .flatten()
            .filter_map(|hash| Some((hash, self.values.get(&hash)?.clone())))
            .collect();
        let sent = ConsensusMessage { duty: self.duty, message, values: named.into_values().collect() };
        self.node.host.send_consensus(to, &sent, self.expires);
        sent.message
    }

    fn instant(&self, time: Time) -> Instant {
        self.begun + Duration::from_nanos(time.0.max(0).unsigned_abs())
    }
}

fn duty_of(value: &Value) -> Duty {
    match &value.content {
        duty::Content::Proposer { proposal, .. } => Duty::new(proposal.slot(), duty::DutyKind::Proposer),
        _ => unreachable!("the cluster agrees on a proposal"),
    }
}
