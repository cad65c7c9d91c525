//! From an event to an alert: which rule fits, what it means, who and what it is about.

use jiff::Timestamp;
use serde_json::Value;
use stanch_model::{Alert, Severity, alert::is_kind};

use super::{
    bound::Source,
    field,
    refusal::Refusal,
    scene::Scene,
    spec::{AlertShape, Rule},
    take::Take,
};

/// What became of an event.
pub(super) enum Read {
    /// An alert; `raw` is still empty.
    Alert(Box<Alert>),
    /// Nothing to act upon, for this reason.
    Nothing(String),
}

impl Source {
    /// Reads one event. `name` gives a name to an event that has none.
    pub(super) fn read(
        &self,
        scene: &mut Scene<'_>,
        name: &dyn Fn() -> String,
        now: Timestamp,
    ) -> Result<Read, Refusal> {
        let meant = self.meant(scene);
        let rule = meant.or(self.spec.other.as_ref());
        if let Some(why) = rule.and_then(|rule| rule.ignore.as_ref()) {
            return Ok(Read::Nothing(why.clone()));
        }
        let fields = Fields { own: rule.and_then(|rule| rule.alert.as_ref()), usual: &self.shape };
        let Some(kind) = self.kind(meant, &fields, scene)? else {
            let what = scene.known("type").unwrap_or("an event");
            return Ok(Read::Nothing(format!("{what} asks for nothing")));
        };
        scene.found("kind", Some(&kind));
        let mut text = |name: &'static str, of: fn(&AlertShape) -> &Option<Take>| {
            let found = fields.get(of).and_then(|take| take.text(scene));
            scene.found(name, found.as_deref());
            found
        };
        let user = text("user", |shape| &shape.user);
        let app = text("app", |shape| &shape.app);
        let ip = text("ip", |shape| &shape.ip);
        let delivery = text("delivery", |shape| &shape.delivery);
        let id = text("id", |shape| &shape.id);
        let delivery = delivery.unwrap_or_else(name);
        let id = id.unwrap_or_else(|| delivery.clone());
        let severity = fields.severity().and_then(|take| take.read(scene));
        let severity = match (severity, rule.and_then(|rule| rule.at_least)) {
            (Some(said), Some(least)) => said.max(least),
            (said, least) => said.or(least).unwrap_or(Severity::Medium),
        };
        let time = fields.get(|shape| &shape.time).and_then(|take| take.find(scene, field::time));
        let title = fields.get(|shape| &shape.title).and_then(|take| take.text(scene));
        let fold = match fields.get(|shape| &shape.fold) {
            Some(take) => take.text(scene),
            None => usual_fold(&kind, app.as_deref(), user.as_deref()),
        };
        Ok(Read::Alert(Box::new(Alert {
            id,
            source: self.name.clone(),
            title: field::title(title.as_deref().unwrap_or(&kind)),
            severity,
            time: time.unwrap_or(now).to_string(),
            user,
            app,
            ip,
            delivery,
            fold,
            kind,
            raw: Value::Null,
            by: None,
        })))
    }

    /// The first rule that fits.
    pub(super) fn meant(&self, scene: &mut Scene<'_>) -> Option<&Rule> {
        let kind_of_event = self.spec.kind_of_event.text(scene);
        scene.found("type", kind_of_event.as_deref());
        self.spec.meaning.iter().find(|rule| rule.fits(kind_of_event.as_deref(), scene))
    }

    /// The alert's kind: the rule's word, else the event's own, else what all other events are. `None` where the event means
    /// nothing to us.
    fn kind(
        &self,
        meant: Option<&Rule>,
        fields: &Fields<'_>,
        scene: &Scene<'_>,
    ) -> Result<Option<String>, Refusal> {
        let own = || fields.get(|shape| &shape.kind).and_then(|take| take.text(scene));
        if let Some(rule) = meant {
            return said(rule, scene);
        }
        if let Some(kind) = own().or_else(|| self.config.kind.clone()) {
            return match (is_kind(&kind), self.spec.generic) {
                (true, _) => Ok(Some(kind)),
                (false, true) => Err(bad_kind(&kind)),
                (false, false) => Ok(Some(as_kind(&kind))),
            };
        }
        match &self.spec.other {
            Some(other) => said(other, scene),
            None if self.spec.generic => Err(self.no_kind()),
            None => Ok(None),
        }
    }

    fn no_kind(&self) -> Refusal {
        let place = self.config.map.get("kind").cloned().or_else(|| {
            let ways = self.shape.kind.as_ref()?.ways();
            ways.first().map(super::take::Way::source).map(str::to_owned)
        });
        let place = place.unwrap_or_else(|| "kind".to_owned());
        Refusal::new(422, "no_kind", format!("the body has no `{place}`"))
            .help("name the place under `map: { kind: … }`, or give every alert of this source one `kind`")
    }
}

/// The kind that a rule gives.
fn said(rule: &Rule, scene: &Scene<'_>) -> Result<Option<String>, Refusal> {
    let Some(template) = &rule.kind else { return Ok(None) };
    let text = template.text(scene).map_err(|_| {
        Refusal::new(422, "no_type", "the delivery does not say what kind of event it is")
            .help("hand it in as its sender sent it, with all its headers")
    })?;
    Ok(Some(as_kind(&text)))
}

fn bad_kind(kind: &str) -> Refusal {
    let kind = field::title(kind);
    let message = format!("`{kind}` is not a kind: write words joined by dots, such as `app.token_misuse`");
    Refusal::new(422, "bad_kind", message)
}

impl Rule {
    fn fits(&self, kind_of_event: Option<&str>, scene: &Scene<'_>) -> bool {
        let typed = match (&self.types, kind_of_event) {
            (None, _) => true,
            (Some(types), Some(kind)) => types.fit(kind),
            (Some(_), None) => false,
        };
        typed && self.when.as_ref().is_none_or(|when| scene.holds(when))
    }
}

/// The fields of a rule where it has them, else the source's.
struct Fields<'a> {
    own: Option<&'a AlertShape>,
    usual: &'a AlertShape,
}

impl<'a> Fields<'a> {
    fn get(&self, of: impl Fn(&'a AlertShape) -> &'a Option<Take>) -> Option<&'a Take> {
        self.own.and_then(|own| of(own).as_ref()).or_else(|| of(self.usual).as_ref())
    }

    fn severity(&self) -> Option<&'a super::take::SeverityTake> {
        self.own.and_then(|own| own.severity.as_ref()).or(self.usual.severity.as_ref())
    }
}

/// Alerts of one kind about one app belong together, or about one person where no app is named.
fn usual_fold(kind: &str, app: Option<&str>, user: Option<&str>) -> Option<String> {
    match (app, user) {
        (Some(app), _) => Some(format!("{kind} app/{app}")),
        (None, Some(user)) => Some(format!("{kind} user/{user}")),
        (None, None) => None,
    }
}

/// Longer kinds are cut.
const LONGEST_KIND: usize = 128;

fn letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// A sender's own word for an event, as a part of a kind.
fn as_kind(text: &str) -> String {
    let clean: String =
        text.chars().take(LONGEST_KIND).map(|c| if letter(c) || c == '.' { c } else { '_' }).collect();
    let words: Vec<&str> = clean.split('.').filter(|word| !word.is_empty()).collect();
    words.join(".")
}
