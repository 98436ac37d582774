//! What can be chosen about a world.

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// Operators.
    pub nodes: usize,
    /// Validators of the cluster.
    pub validators: u8,
    /// Every how many slots one of them proposes; 0 for never.
    pub propose_every: u64,
    /// Validators in a committee: of 64 one in four aggregates, of less than 32 all do.
    pub committee_length: u64,
    /// Validators of the cluster in the sync committee. The third, the sixth and so on have two seats.
    pub sync_members: u8,
    /// Epochs for which a sync committee serves.
    pub sync_period: u64,
    /// Whether the cluster takes blocks of builders.
    pub takes_builders: bool,
    /// Whether clients ask for one complete selection proof at a time.
    pub one_selection_per_request: bool,
    /// Least and greatest delay of a message.
    pub delay_ms: (i64, i64),
    /// Messages in a thousand that arrive twice.
    pub duplicated: u64,
    /// Messages in a thousand that are lost, and their connection with them.
    pub lost: u64,
    /// Whether signatures are real ones, which takes longer.
    pub has_real_signatures: bool,
    /// How many nodes may lie at the most.
    pub most_liars: usize,
    /// Whether what each node does is kept to be looked at; checks do without.
    pub is_observed: bool,
    /// When in the slot a beacon node tells its new head; none when it never does.
    pub head_ms: Option<i64>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            seed: 1,
            nodes: 4,
            validators: 8,
            propose_every: 4,
            committee_length: 64,
            sync_members: 3,
            sync_period: 256,
            takes_builders: false,
            one_selection_per_request: false,
            delay_ms: (5, 60),
            duplicated: 0,
            lost: 0,
            has_real_signatures: false,
            most_liars: 1,
            is_observed: true,
            head_ms: Some(2_000),
        }
    }
}
