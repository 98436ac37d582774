//! Key shares and the ledger's disk: EIP-2335 keystores and the SQLite store.
