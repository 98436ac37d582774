//! The log: for a person, as logfmt, or as JSON; and a count of warnings and errors by topic.

use std::fmt::{self, Write as _};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry as Registered, fmt as layer};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person at a terminal.
    Console,
    /// `key=value` pairs.
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// Whether the console is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// When it is a terminal.
    Auto,
    /// Always.
    Force,
    /// Never.
    Disable,
}

/// What the log is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// How lines look.
    pub format: Format,
    /// `debug`, `info`, `warn`, `error`, or a filter by target as `tracing` knows it.
    pub level: String,
    /// Whether the console is coloured.
    pub color: Color,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTopic {
    topic: String,
}

/// Warnings and errors, by topic.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    warnings: Family<OfTopic, Counter>,
    errors: Family<OfTopic, Counter>,
}

impl Counters {
    /// Shows the counts on the metrics page.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("app_log_warn", "Warnings logged", self.warnings.clone());
        registry.register("app_log_error", "Errors logged", self.errors.clone());
    }
}

/// Starts the log on standard error, and in a file if one is given. Call it once.
pub fn start(options: &Options, file: Option<&Path>) -> Result<Counters, String> {
    let filter = filter(&options.level)?;
    let counters = Counters::default();
    let ansi = match options.color {
        Color::Auto => std::io::stderr().is_terminal(),
        Color::Force => true,
        Color::Disable => false,
    };
    let lines = |writer: BoxMakeWriter, ansi: bool| -> Box<dyn Layer<Registered> + Send + Sync> {
        let lines = layer::layer().with_writer(writer);
        match options.format {
            Format::Console => Box::new(lines.with_target(false).with_ansi(ansi)),
            Format::Logfmt => Box::new(lines.event_format(Logfmt)),
            Format::Json => Box::new(lines.json().flatten_event(true)),
        }
    };
    let stderr = lines(BoxMakeWriter::new(std::io::stderr), ansi);
    let file = file.map(open).transpose()?.map(|file| lines(BoxMakeWriter::new(Mutex::new(file)), false));
    let layers: Vec<_> = std::iter::once(stderr).chain(file).collect();
    let started = tracing_subscriber::registry().with(layers).with(filter).with(counters.clone()).try_init();
    started.map_err(|error| error.to_string())?;
    Ok(counters)
}

/// Libraries speak only when something is wrong, unless the operator names them.
fn filter(level: &str) -> Result<EnvFilter, String> {
    let lower = level.to_ascii_lowercase();
    let is_plain = ["trace", "debug", "info", "warn", "error"].contains(&lower.as_str());
    let rooms = ["node", "net", "beacon", "signer", "devnet", "phalanx"];
    let directives = if is_plain {
        rooms.iter().fold("warn".to_owned(), |all, room| format!("{all},{room}={lower}"))
    } else {
        level.to_owned()
    };
    EnvFilter::try_new(&directives).map_err(|error| format!("--log-level {level:?}: {error}"))
}

fn open(path: &Path) -> Result<std::fs::File, String> {
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(path);
    opened.map_err(|error| format!("--log-output-path: cannot write {}: {error}", path.display()))
}

impl<S: Subscriber> Layer<S> for Counters {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let family = match *event.metadata().level() {
            Level::ERROR => &self.errors,
            Level::WARN => &self.warnings,
            _ => return,
        };
        let mut topic = Topic(event.metadata().target().split(':').next().unwrap_or_default().to_owned());
        event.record(&mut topic);
        family.get_or_create(&OfTopic { topic: topic.0 }).inc();
    }
}

struct Topic(String);

impl Visit for Topic {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "topic" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Lines of `key=value` pairs.
struct Logfmt;

impl<S, N> FormatEvent<S, N> for Logfmt
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let level = event.metadata().level().as_str().to_lowercase();
        write!(writer, "ts={time} level={level}")?;
        let mut pairs = Pairs { writer: &mut writer, result: Ok(()) };
        event.record(&mut pairs);
        pairs.result?;
        writeln!(writer)
    }
}

struct Pairs<'a, 'w> {
    writer: &'a mut Writer<'w>,
    result: fmt::Result,
}

impl Pairs<'_, '_> {
    fn pair(&mut self, field: &Field, value: &str) {
        let key = if field.name() == "message" { "msg" } else { field.name() };
        let needs_quotes = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '=');
        let is_bare = !value.is_empty() && !value.contains(needs_quotes);
        let written = if is_bare {
            write!(self.writer, " {key}={value}")
        } else {
            write!(self.writer, " {key}={value:?}")
        };
        self.result = self.result.and(written);
    }
}

impl Visit for Pairs<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.pair(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // Writing to a string cannot fail unless the value's own Debug does.
        if write!(text, "{value:?}").is_ok() {
            self.pair(field, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn logfmt_quotes_what_needs_it() {
        let page = Page::default();
        let writer = page.clone();
        let lines = layer::layer().with_writer(move || writer.clone()).event_format(Logfmt);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::warn!(topic = "qbft", duty = %"5/attester", text = "two words", count = 3, "round timed out");
        });
        let text = String::from_utf8(page.0.lock().expect("not poisoned").clone()).expect("text");
        let (_, after_time) = text.split_once(" level=").expect("a level");
        let expected = "warn msg=\"round timed out\" topic=qbft duty=5/attester text=\"two words\" count=3\n";
        assert_eq!(after_time, expected);
    }

    #[test]
    fn warnings_are_counted_by_topic() {
        let counters = Counters::default();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(counters.clone()), || {
            tracing::warn!(topic = "qbft", "one");
            tracing::warn!(topic = "qbft", "two");
            tracing::info!(topic = "qbft", "not counted");
        });
        let counted = counters.warnings.get_or_create(&OfTopic { topic: "qbft".to_owned() }).get();
        assert_eq!(counted, 2);
    }

    #[test]
    fn a_level_or_a_filter_is_understood() {
        assert!(filter("debug").is_ok());
        assert!(filter("net=trace,warn").is_ok());
        assert!(filter("node=loud").is_err());
    }
}
