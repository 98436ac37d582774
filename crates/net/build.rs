//! Compiles our own `.proto` files, without a protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files =
        ["proto/consensus.proto", "proto/partials.proto", "proto/peer_info.proto", "proto/witness.proto"];
    for file in files {
        println!("cargo::rerun-if-changed={file}");
    }
    let descriptors = protox::compile(files, ["proto"])?;
    prost_build::Config::new().compile_fds(descriptors)?;
    Ok(())
}
