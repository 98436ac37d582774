//! Assembly of one Phalanx node: configuration, loop, workers, metrics, health.
