// LODESTAR_PRESET=minimal node gen.mjs > minimal.json
import {ssz} from "@lodestar/types";
let state = 0x9e3779b9;
const u32 = () => { state ^= state << 13; state >>>= 0; state ^= state >>> 17; state ^= state << 5; state >>>= 0; return state; };
const upto = (n) => u32() % n;
const bytes = (n) => { const b = new Uint8Array(n); for (let i = 0; i < n; i++) b[i] = u32() & 255; return b; };
function rnd(t, path, small) {
  const k = t.constructor.name;
  const go = (x, name) => rnd(x, path + "/" + name, small);
  if (k.startsWith("ContainerNode") || k.startsWith("Container") || t.fields) { const o = {}; for (const [f, x] of Object.entries(t.fields)) o[f] = go(x, f); return o; }
  if (k.startsWith("Boolean")) return !!(u32() & 1);
  if (k.startsWith("UintNumber")) return upto(2) ? upto(1 << 20) : u32();
  if (k.startsWith("UintBigint")) { let v = 0n; for (const b of bytes(t.byteLength)) v = (v << 8n) | BigInt(b); return v; }
  if (k.startsWith("ByteVector") || k.startsWith("ExecutionAddress")) return bytes(t.lengthBytes ?? t.fixedSize);
  if (k.startsWith("ByteList")) return bytes(1 + upto(Math.min(t.limitBytes, 90)));
  if (k.startsWith("BitVector")) { const v = t.defaultValue(); for (let i = 0; i < t.lengthBits; i++) v.set(i, !!(u32() & 1)); return v; }
  if (k.startsWith("BitList")) { const n = upto(Math.min(t.limitBits, 70)); const B = ssz.phase0.CommitteeBits.defaultValue().constructor; return B.fromBoolArray(Array.from({length: n}, () => !!(u32() & 1))); }
  if (k.startsWith("VectorComposite") || k.startsWith("VectorBasic")) return Array.from({length: t.length}, (_, i) => go(t.elementType, i));
  if (k.startsWith("List")) { if (path.endsWith("/blobs")) return []; const n = Math.min(t.limit, small ? 1 : 1 + upto(2)); return Array.from({length: n}, (_, i) => go(t.elementType, i)); }
  throw new Error("type " + k + " at " + path);
}
const types = {
  Checkpoint: ssz.phase0.Checkpoint,
  AttestationData: ssz.phase0.AttestationData,
  SingleAttestation: ssz.electra.SingleAttestation,
  Attestation: ssz.electra.Attestation,
  IndexedAttestation: ssz.electra.IndexedAttestation,
  BeaconBlockHeader: ssz.phase0.BeaconBlockHeader,
  VoluntaryExit: ssz.phase0.VoluntaryExit,
  SignedVoluntaryExit: ssz.phase0.SignedVoluntaryExit,
  DepositMessage: ssz.phase0.DepositMessage,
  DepositData: ssz.phase0.DepositData,
  ValidatorRegistration: ssz.bellatrix.ValidatorRegistrationV1,
  SignedValidatorRegistration: ssz.bellatrix.SignedValidatorRegistrationV1,
  AggregateAndProof: ssz.electra.AggregateAndProof,
  SignedAggregateAndProof: ssz.electra.SignedAggregateAndProof,
  SyncCommitteeMessage: ssz.altair.SyncCommitteeMessage,
  SyncCommitteeContribution: ssz.altair.SyncCommitteeContribution,
  ContributionAndProof: ssz.altair.ContributionAndProof,
  SignedContributionAndProof: ssz.altair.SignedContributionAndProof,
  SyncAggregatorSelectionData: ssz.altair.SyncAggregatorSelectionData,
  ExecutionPayload: ssz.electra.ExecutionPayload,
  ExecutionPayloadHeader: ssz.electra.ExecutionPayloadHeader,
  "electra.BlockContents": ssz.electra.BlockContents,
  "electra.SignedBlockContents": ssz.electra.SignedBlockContents,
  "fulu.BlockContents": ssz.fulu.BlockContents,
  "fulu.SignedBlockContents": ssz.fulu.SignedBlockContents,
  "fulu.SignedBeaconBlock": ssz.fulu.SignedBeaconBlock,
  BlindedBeaconBlock: ssz.electra.BlindedBeaconBlock,
  SignedBlindedBeaconBlock: ssz.electra.SignedBlindedBeaconBlock,
};
const hex = (b) => "0x" + Buffer.from(b).toString("hex");
const out = [];
for (const [name, t] of Object.entries(types)) {
  if (!t) { console.error("no type", name); continue; }
  const big = /Block/.test(name);
  const v = rnd(t, name, big);
  const e = {type: name, root: hex(t.hashTreeRoot(v)), ssz: hex(t.serialize(v)), json: t.toJson(v)};
  const block = v.block ?? v.signedBlock?.message ?? (/Signed.*Block/.test(name) ? v.message : /BeaconBlock$/.test(name) ? v : undefined);
  if (block) e.block_root = hex((/Blinded/.test(name) ? ssz.electra.BlindedBeaconBlock : ssz.electra.BeaconBlock).hashTreeRoot(block));
  out.push(e);
}
console.log("[\n" + out.map((e) => JSON.stringify(e)).join(",\n") + "\n]");
