//! Containers whose sizes depend on the preset, with the preset hidden.

/// One of two containers: the same with the sizes of either preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OfPreset<A, B> {
    Mainnet(A),
    Minimal(B),
}

/// The same expression on whichever container it is.
macro_rules! either {
    ($container:expr, $inner:ident => $result:expr) => {
        match $container {
            $crate::of_preset::OfPreset::Mainnet($inner) => $result,
            $crate::of_preset::OfPreset::Minimal($inner) => $result,
        }
    };
}

/// A type that hides the preset of a container, with what every container can do.
macro_rules! of_preset {
    ($(#[$doc:meta])* $name:ident = $module:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(
            $crate::of_preset::OfPreset<
                $crate::containers::mainnet::$module::$name,
                $crate::containers::minimal::$module::$name,
            >,
        );

        impl $name {
            /// Decodes SSZ.
            ///
            /// # Errors
            /// The bytes are none.
            pub fn from_ssz(preset: $crate::Preset, ssz: &[u8]) -> Result<Self, $crate::DecodeError> {
                use $crate::{Container, of_preset::OfPreset};
                Ok($name(match preset {
                    $crate::Preset::Mainnet => OfPreset::Mainnet(Container::from_ssz(ssz)?),
                    $crate::Preset::Minimal => OfPreset::Minimal(Container::from_ssz(ssz)?),
                }))
            }

            /// Decodes the Beacon API's JSON.
            ///
            /// # Errors
            /// The text is none.
            pub fn from_json(preset: $crate::Preset, json: &[u8]) -> Result<Self, $crate::DecodeError> {
                use $crate::of_preset::OfPreset;
                Ok($name(match preset {
                    $crate::Preset::Mainnet => OfPreset::Mainnet(serde_json::from_slice(json)?),
                    $crate::Preset::Minimal => OfPreset::Minimal(serde_json::from_slice(json)?),
                }))
            }

            /// The SSZ.
            pub fn to_ssz(&self) -> Vec<u8> {
                either!(&self.0, inner => $crate::Container::to_ssz(inner))
            }

            /// The Beacon API's JSON.
            pub fn to_json(&self) -> Vec<u8> {
                either!(&self.0, inner => serde_json::to_vec(inner).expect("containers are always writable"))
            }

            /// The hash tree root.
            pub fn root(&self) -> $crate::Root {
                either!(&self.0, inner => $crate::Container::root(inner))
            }

            /// Bytes of every value's SSZ; `None` when they vary.
            pub fn ssz_size(preset: $crate::Preset) -> Option<usize> {
                use $crate::Container;
                match preset {
                    $crate::Preset::Mainnet => $crate::containers::mainnet::$module::$name::ssz_size(),
                    $crate::Preset::Minimal => $crate::containers::minimal::$module::$name::ssz_size(),
                }
            }

            /// The preset of its sizes.
            pub fn preset(&self) -> $crate::Preset {
                match &self.0 {
                    $crate::of_preset::OfPreset::Mainnet(_) => $crate::Preset::Mainnet,
                    $crate::of_preset::OfPreset::Minimal(_) => $crate::Preset::Minimal,
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                either!(&self.0, inner => inner.serialize(serializer))
            }
        }
    };
}

pub(crate) use {either, of_preset};
