//! A chain whose clock stands until a test sets it, and validators that sign what they are told.

mod aggregating;
mod announcing;
mod syncing;

use devnet::chain::{Chain, ChainConfig, Clock, Scenario};
use devnet::interop_key;
use eth::{
    AttestationData, AttesterDuty, Container, DomainType, Epoch, Fork, Preset, Proposal, Root,
    SignatureBytes, SignedProposal, SingleAttestation, Slot, Spec, ValidatorIndex, epoch_root, signing_root,
};
use serde_json::Value;

/// Duration of a slot, nanoseconds.
pub(crate) const SLOT_NS: i64 = 6_000_000_000;

/// Unix time of slot 0.
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;

pub(crate) struct Driver {
    pub(crate) chain: Chain,
    pub(crate) clock: Clock,
    pub(crate) spec: Spec,
    pub(crate) http: reqwest::Client,
    pub(crate) validators: u64,
}

/// A status and a JSON body.
pub(crate) type Answer = (u16, Value);

impl Driver {
    pub(crate) async fn start(preset: Preset, validators: u64) -> Driver {
        Driver::with(preset, validators, Scenario::default()).await
    }

    pub(crate) async fn with(preset: Preset, validators: u64, scenario: Scenario) -> Driver {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Clock::standing(0);
        let config = ChainConfig { scenario, ..ChainConfig::interop(preset, 6000, GENESIS_TIME, validators) };
        let chain = Chain::start_by(clock.clone(), config).await.expect("loopback has a free port");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client without options");
        Driver { spec: chain.spec(), chain, clock, http, validators }
    }

    pub(crate) async fn minimal() -> Driver {
        Driver::start(Preset::Minimal, 16).await
    }

    /// Sets the clock to a place in a slot, thousandths.
    pub(crate) fn at(&self, slot: u64, thousandths: i64) {
        self.clock.set(slot as i64 * SLOT_NS + thousandths * SLOT_NS / 1000);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.chain.url().join(path).expect("a path joins").to_string()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.http.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.http.post(self.url(path)).header("eth-consensus-version", "fulu").json(body)).await
    }

    pub(crate) async fn post_ssz(&self, path: &str, ssz: Vec<u8>) -> Answer {
        let request = self.http.post(self.url(path)).header("eth-consensus-version", "fulu");
        answer(request.header("content-type", "application/octet-stream").body(ssz)).await
    }

    /// An item was refused for a reason that the ledger of truth has too.
    pub(crate) fn refused(&self, (status, answer): Answer, why: &str) {
        assert_eq!(status, 400, "{answer}");
        let message = answer["failures"][0]["message"].as_str().or(answer["message"].as_str());
        let message = message.expect("a message");
        assert!(message.contains(why), "{message:?} does not say {why:?}");
        let last = self.chain.truth().rejections().last().map(str::to_owned);
        assert!(last.as_ref().is_some_and(|last| last.contains(why)), "{last:?} does not say {why:?}");
    }

    pub(crate) async fn duties(&self, epoch: u64) -> Vec<AttesterDuty> {
        let all: Vec<String> = (0..self.validators).map(|index| index.to_string()).collect();
        let path = format!("eth/v1/validator/duties/attester/{epoch}");
        let (status, answer) = self.post(&path, &serde_json::json!(all)).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_value(answer["data"].clone()).expect("duties")
    }

    pub(crate) async fn vote(&self, slot: u64) -> AttestationData {
        let path = format!("eth/v1/validator/attestation_data?slot={slot}&committee_index=0");
        let (status, answer) = self.get(&path).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_value(answer["data"].clone()).expect("attestation data")
    }

    pub(crate) fn sign(
        &self,
        validator: u64,
        root: Root,
        purpose: DomainType,
        epoch: Epoch,
    ) -> SignatureBytes {
        let root = signing_root(root, self.spec.domain(purpose, epoch));
        SignatureBytes(interop_key(validator).sign(root.as_bytes()).to_bytes())
    }

    pub(crate) fn attestation(&self, duty: &AttesterDuty, data: AttestationData) -> SingleAttestation {
        let validator = duty.validator_index;
        SingleAttestation {
            committee_index: duty.committee_index,
            attester_index: validator,
            data,
            signature: self.sign(validator.0, data.root(), DomainType::BeaconAttester, data.target.epoch),
        }
    }

    /// The duties of a slot.
    pub(crate) async fn duties_at(&self, slot: u64) -> Vec<AttesterDuty> {
        let mut duties = self.duties(slot / self.spec.slots_per_epoch).await;
        duties.retain(|duty| duty.slot == Slot(slot));
        duties
    }

    pub(crate) async fn publish(&self, attestations: &[SingleAttestation]) -> Answer {
        self.post("eth/v2/beacon/pool/attestations", &serde_json::json!(attestations)).await
    }

    /// Everybody on duty in the slot attests. The attestations.
    pub(crate) async fn attest(&self, slot: u64) -> Vec<SingleAttestation> {
        let data = self.vote(slot).await;
        let duties = self.duties_at(slot).await;
        let attestations: Vec<_> = duties.iter().map(|duty| self.attestation(duty, data)).collect();
        if !attestations.is_empty() {
            let (status, answer) = self.publish(&attestations).await;
            assert_eq!(status, 200, "{answer}");
        }
        attestations
    }

    pub(crate) fn proposer(&self, slot: u64) -> ValidatorIndex {
        self.chain.proposer(Slot(slot))
    }

    pub(crate) fn randao(&self, validator: ValidatorIndex, slot: u64) -> SignatureBytes {
        let epoch = self.spec.epoch_of(Slot(slot));
        self.sign(validator.0, epoch_root(epoch), DomainType::Randao, epoch)
    }

    /// The block that is the head.
    pub(crate) async fn head(&self) -> Root {
        let (_, answer) = self.get("eth/v1/beacon/blocks/head/root").await;
        answer["data"]["root"].as_str().expect("a root").parse().expect("hex")
    }

    /// A block made by the chain for the slot's proposer, signed by it.
    pub(crate) async fn block(&self, slot: u64, graffiti: u8) -> SignedProposal {
        self.signed(self.produce(slot, graffiti).await)
    }

    pub(crate) async fn produce(&self, slot: u64, graffiti: u8) -> Proposal {
        let randao = self.randao(self.proposer(slot), slot);
        let graffiti = const_hex::encode_prefixed([graffiti; 32]);
        let path = format!("eth/v3/validator/blocks/{slot}?randao_reveal={randao}&graffiti={graffiti}");
        let request = self
            .http
            .get(self.url(&path))
            .header("accept", "application/octet-stream;q=1,application/json;q=0.9");
        let answer = request.send().await.expect("the chain answers");
        assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap_or_default());
        assert_eq!(answer.headers()["eth-consensus-version"], "fulu");
        assert_eq!(answer.headers()["eth-execution-payload-blinded"], "false");
        let ssz = answer.bytes().await.expect("a body");
        Proposal::from_ssz(self.spec.preset, Fork::Fulu, false, &ssz).expect("a block")
    }

    pub(crate) fn signed(&self, proposal: Proposal) -> SignedProposal {
        let epoch = self.spec.epoch_of(proposal.slot());
        let proposer = proposal.proposer_index().0;
        let signature = self.sign(proposer, proposal.block_root(), DomainType::BeaconProposer, epoch);
        proposal.sign(signature)
    }

    pub(crate) async fn publish_block(&self, signed: &SignedProposal) -> Answer {
        let request = self.http.post(self.url("eth/v2/beacon/blocks?broadcast_validation=gossip"));
        let request = request
            .header("eth-consensus-version", "fulu")
            .header("content-type", "application/octet-stream")
            .body(signed.to_ssz());
        answer(request).await
    }

    /// A slot as it should be: a block, then everybody's attestation.
    pub(crate) async fn slot(&self, slot: u64) {
        self.at(slot, 10);
        if slot > 0 {
            let (status, answer) = self.publish_block(&self.block(slot, 0).await).await;
            assert_eq!(status, 200, "{answer}");
        }
        self.at(slot, 340);
        self.attest(slot).await;
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("the chain answers");
    let status = answer.status().as_u16();
    let body = answer.bytes().await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}
