//! A platform written in a test, and its integration on the live transport.

use std::{collections::BTreeMap, sync::Arc};

use stanch_integrations::{Catalog, Integrations, LiveTransport, Transport};
use stanch_model::{
    Diagnostic,
    config::{CredentialConfig, IntegrationConfig, TlsConfig},
};

use crate::support::Vault;

/// The private key in the fixtures: RSA, PKCS #8.
pub(crate) const KEY: &str = include_str!("../fixtures/rsa-test-key.pem");

/// A platform called `shop`: its head and its actions are the test's own.
pub(crate) struct Shop {
    head: String,
    actions: String,
    config: IntegrationConfig,
    folder: tempfile::TempDir,
}

impl Shop {
    /// The head beside `platform`, `title`, `docs` and `url`; the actions in YAML, indented by two.
    pub(crate) fn new(head: &str, actions: &str) -> Self {
        let config = IntegrationConfig { platform: "shop".to_owned(), ..IntegrationConfig::default() };
        let folder = tempfile::tempdir().unwrap();
        Self { head: head.to_owned(), actions: actions.to_owned(), config, folder }
    }

    /// One that needs no credential.
    pub(crate) fn open(actions: &str) -> Self {
        Self::new("auth: [{ name: none, type: none }]", actions)
    }

    pub(crate) fn at(mut self, url: &str) -> Self {
        self.config.url = Some(url.to_owned());
        self
    }

    pub(crate) fn by(mut self, auth: &str) -> Self {
        self.config.auth = Some(auth.to_owned());
        self
    }

    pub(crate) fn with(mut self, settings: &[(&str, &str)]) -> Self {
        let pairs = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.config.settings.extend(pairs);
        self
    }

    /// The whole credential, by way of a file.
    pub(crate) fn credential(mut self, text: &str) -> Self {
        self.config.credential = Some(CredentialConfig::Whole(self.file("credential", text)));
        self
    }

    /// A credential of several parts.
    pub(crate) fn parts(mut self, parts: &[(&str, &str)]) -> Self {
        let parts = parts.iter().map(|(name, text)| ((*name).to_owned(), self.file(name, text))).collect();
        self.config.credential = Some(CredentialConfig::Parts(parts));
        self
    }

    pub(crate) fn tls(mut self, ca: &str, own: Option<(&str, &str)>) -> Self {
        self.config.tls = Some(TlsConfig {
            ca: Some(self.file("ca", ca)),
            certificate: own.map(|(certificate, _)| self.file("certificate", certificate)),
            key: own.map(|(_, key)| self.file("key", key)),
        });
        self
    }

    pub(crate) fn acting_on_itself(mut self) -> Self {
        self.config.acts_on_itself = true;
        self
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("file:{}", path.display())
    }

    /// The file as it is read.
    pub(crate) fn source(&self) -> String {
        format!(
            "platform: shop\ntitle: Shop\ndocs: https://shop.example/docs\nurl: \"{{url}}\"\n{}\nactions:\n{}\n",
            self.head, self.actions
        )
    }

    /// Everything that is wrong with the file.
    pub(crate) fn catalog(&self) -> Result<Catalog, Vec<Diagnostic>> {
        let folder = self.folder.path().join("catalog");
        std::fs::create_dir_all(folder.join("shop")).unwrap();
        std::fs::write(folder.join("shop/integration.yaml"), self.source()).unwrap();
        Catalog::default().with_folder(&folder)
    }

    /// The integration, called `it`.
    pub(crate) fn build(self) -> Live {
        let catalog = Arc::new(self.catalog().unwrap_or_else(|found| panic!("{found:#?}")));
        let configured = BTreeMap::from([("it".to_owned(), self.config)]);
        let transport = Transport::Live(LiveTransport::new().unwrap());
        let vault = Arc::new(Vault::default());
        let integrations = Integrations::new(catalog, &configured, transport, vault.clone());
        let integrations = integrations.unwrap_or_else(|found| panic!("{found:#?}"));
        Live { integrations, vault, _folder: self.folder }
    }
}

/// An integration and what it needs to live.
pub(crate) struct Live {
    pub(crate) integrations: Integrations,
    pub(crate) vault: Arc<Vault>,
    _folder: tempfile::TempDir,
}
