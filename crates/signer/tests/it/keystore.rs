//! EIP-2335: the EIP's own examples, and files that were not meant to be opened.

use signer::{Keystore, KeystoreFault, Protection};

const PASSWORD: &str = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
const SECRET: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
const PUBLIC: &str =
    "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07";

const SALT: &str = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";
const SCRYPT_CHECKSUM: &str = "d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484";
const SCRYPT_MESSAGE: &str = "06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f";
const PBKDF2_CHECKSUM: &str = "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1";
const PBKDF2_MESSAGE: &str = "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad";

/// The EIP's first example.
fn scrypt_example() -> String {
    example("scrypt", r#""dklen": 32, "n": 262144, "p": 1, "r": 8"#, SCRYPT_CHECKSUM, SCRYPT_MESSAGE)
}

/// The EIP's second example.
fn pbkdf2_example() -> String {
    let params = r#""dklen": 32, "c": 262144, "prf": "hmac-sha256""#;
    example("pbkdf2", params, PBKDF2_CHECKSUM, PBKDF2_MESSAGE)
}

fn example(kdf: &str, params: &str, checksum: &str, message: &str) -> String {
    format!(
        r#"{{
            "crypto": {{
                "kdf": {{ "function": "{kdf}", "params": {{ {params}, "salt": "{SALT}" }}, "message": "" }},
                "checksum": {{ "function": "sha256", "params": {{}}, "message": "{checksum}" }},
                "cipher": {{
                    "function": "aes-128-ctr",
                    "params": {{ "iv": "264daa3f303d7259501c93d997d84fe6" }},
                    "message": "{message}"
                }}
            }},
            "description": "This is a test keystore.",
            "pubkey": "{PUBLIC}",
            "path": "m/12381/60/3141592653/589793238",
            "uuid": "1d85ae20-35c5-4611-98e8-aa14a633906f",
            "version": 4
        }}"#
    )
}

fn secret() -> bls::SecretKey {
    let bytes = const_hex::decode_to_array(SECRET).expect("hex");
    bls::SecretKey::from_bytes(&bytes).expect("a secret key")
}

#[test]
fn the_examples_of_the_eip_decrypt() {
    for json in [scrypt_example(), pbkdf2_example()] {
        let keystore = Keystore::from_json(json.as_bytes()).expect("valid");
        let decrypted = keystore.decrypt(PASSWORD).expect("the right password");
        assert_eq!(const_hex::encode(decrypted.to_bytes().as_slice()), SECRET);
        assert_eq!(const_hex::encode(keystore.public_key().expect("declared").as_bytes()), PUBLIC);
        let again = Keystore::from_json(keystore.to_json().as_bytes()).expect("valid");
        assert_eq!(again.to_json(), keystore.to_json());
    }
}

#[test]
fn a_wrong_password_is_told_from_a_wrong_file() {
    let keystore = Keystore::from_json(pbkdf2_example().as_bytes()).expect("valid");
    assert_eq!(keystore.decrypt("testpassword"), Err(KeystoreFault::WrongPassword));
    let flipped = pbkdf2_example().replace("cee03f", "cee03e");
    let keystore = Keystore::from_json(flipped.as_bytes()).expect("valid");
    assert_eq!(keystore.decrypt(PASSWORD), Err(KeystoreFault::WrongPassword));
    let swapped = pbkdf2_example().replace("9612d7", "9612d8");
    let keystore = Keystore::from_json(swapped.as_bytes()).expect("valid");
    assert!(matches!(keystore.decrypt(PASSWORD), Err(KeystoreFault::OtherKey { .. })));
}

#[test]
fn what_is_encrypted_decrypts_and_looks_as_charon_writes_it() {
    for protection in [Protection::Insecure, Protection::Pbkdf2, Protection::Scrypt] {
        let written = Keystore::encrypt(&secret(), "passwörd", protection).expect("encrypts").to_json();
        let keystore = Keystore::from_json(written.as_bytes()).expect("valid");
        assert_eq!(keystore.decrypt("passwo\u{308}rd\n").expect("NFKD, no line break"), secret());
        let json: serde_json::Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!((json["version"].as_u64(), json["description"].as_str()), (Some(4), Some("")));
        assert_eq!(
            (json["path"].as_str(), json["pubkey"].as_str()),
            (Some("m/12381/3600/0/0/0"), Some(PUBLIC))
        );
        let uuid = json["uuid"].as_str().expect("a string");
        assert!(uuid.len() == 36 && uuid == uuid.to_uppercase(), "{uuid}");
        let kdf = &json["crypto"]["kdf"];
        let cost = (kdf["function"].as_str(), kdf["params"]["c"].as_u64(), kdf["params"]["n"].as_u64());
        let expected = match protection {
            Protection::Insecure => (Some("pbkdf2"), Some(16), None),
            Protection::Pbkdf2 => (Some("pbkdf2"), Some(262_144), None),
            Protection::Scrypt => (Some("scrypt"), None, Some(262_144)),
        };
        assert_eq!(cost, expected);
    }
}

#[test]
fn two_encryptions_of_a_key_share_nothing() {
    let encrypt = || Keystore::encrypt(&secret(), "x", Protection::Insecure).expect("encrypts").to_json();
    let (one, other): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&encrypt()).expect("JSON"), serde_json::from_str(&encrypt()).expect("JSON"));
    for place in ["/uuid", "/crypto/kdf/params/salt", "/crypto/cipher/params/iv", "/crypto/cipher/message"] {
        assert_ne!(one.pointer(place), other.pointer(place), "{place}");
    }
}

#[test]
fn hostile_costs_are_refused_before_anything_is_allocated() {
    let costly = [
        scrypt_example().replace("262144", "1073741824"),
        scrypt_example().replace("262144", "9223372036854775808"),
        scrypt_example().replace(r#""r": 8"#, r#""r": 4294967295"#),
        scrypt_example().replace(r#""p": 1,"#, r#""p": 4294967295,"#),
        pbkdf2_example().replace("262144", "4294967295"),
        pbkdf2_example().replace(SALT, &"00".repeat(2000)),
    ];
    for json in costly {
        let refused = Keystore::from_json(json.as_bytes()).expect_err("too costly");
        assert!(matches!(refused, KeystoreFault::TooCostly(_)), "{refused}");
    }
    let padded = format!("{}{}", pbkdf2_example(), " ".repeat(70_000));
    assert!(matches!(Keystore::from_json(padded.as_bytes()), Err(KeystoreFault::Malformed(_))));
}

#[test]
fn what_the_eip_does_not_have_is_refused() {
    let unsupported = [
        scrypt_example().replace("262144", "0"),
        scrypt_example().replace("262144", "1"),
        scrypt_example().replace("262144", "262143"),
        scrypt_example().replace(r#""r": 8"#, r#""r": 0"#),
        scrypt_example().replace(r#""p": 1,"#, r#""p": 0,"#),
        scrypt_example().replace(r#""dklen": 32"#, r#""dklen": 18446744073709551615"#),
        pbkdf2_example().replace(r#""dklen": 32"#, r#""dklen": 16"#),
        pbkdf2_example().replace("262144", "0"),
        pbkdf2_example().replace("hmac-sha256", "hmac-md5"),
        pbkdf2_example().replace(r#""sha256""#, r#""md5""#),
        pbkdf2_example().replace("aes-128-ctr", "rot13"),
        pbkdf2_example().replace(r#""version": 4"#, r#""version": 3"#),
    ];
    for json in unsupported {
        let refused = Keystore::from_json(json.as_bytes()).expect_err(&json);
        assert!(matches!(refused, KeystoreFault::Unsupported(_)), "{refused}: {json}");
    }
    let malformed = [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        pbkdf2_example().replace("pbkdf2", "argon2"),
        pbkdf2_example().replace("264daa3f", ""),
        pbkdf2_example().replace(PBKDF2_MESSAGE, "00"),
        pbkdf2_example().replace(PBKDF2_CHECKSUM, "zz"),
        pbkdf2_example().replace("262144", "-1"),
        pbkdf2_example().replace("262144", "1e99"),
        pbkdf2_example().replace(PUBLIC, "00"),
    ];
    for json in malformed {
        let refused = Keystore::from_json(json.as_bytes()).expect_err(&json);
        assert!(matches!(refused, KeystoreFault::Malformed(_)), "{refused}: {json}");
    }
}

#[test]
fn a_keystore_without_a_declared_key_opens() {
    for json in [
        pbkdf2_example().replace(&format!(r#""pubkey": "{PUBLIC}","#), ""),
        pbkdf2_example().replace(PUBLIC, ""),
        pbkdf2_example().replace(PUBLIC, &format!("0x{PUBLIC}")),
    ] {
        let keystore = Keystore::from_json(json.as_bytes()).expect("valid");
        assert_eq!(keystore.decrypt(PASSWORD).expect("the right password"), secret());
    }
}
