//! The names of acts: a closed set, so that whoever shows the log has words for each.

/// Writes each name once.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// What an act is called in the log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ActName {
            $($(#[$doc])* $name,)+
        }

        impl ActName {
            /// Every name.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in the log.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

names! {
    /// A card with other addresses was issued.
    Card = "card",
    /// A next node key was made.
    KeyRotate = "key rotate",
    /// A node key was ended.
    KeyRevoke = "key revoke",
    /// A node key that somebody else may have was ended.
    KeyCompromised = "key compromised",
    /// The next national key was named.
    KeySucceed = "key succeed",
    /// The next node key was taken up.
    KeySwitch = "key switch",
    /// A card that names a standby was issued.
    StandbyCard = "standby card",
    /// A standby was added.
    StandbyAdd = "standby add",
    /// A standby took over.
    StandbyTakeOver = "standby take over",
    /// The node handed over to its standby.
    StandbyHandOver = "standby hand over",
    /// A partner was accepted.
    PartnerAdd = "partner add",
    /// A partner was removed.
    PartnerRemove = "partner remove",
    /// A partner was paused, or goes on.
    PartnerPause = "partner pause",
    /// A partner's newer card came.
    PartnerCard = "partner card",
    /// A partner's card was not taken.
    PartnerCardRefused = "partner card refused",
    /// An agreement was drafted.
    AgreementDraft = "agreement draft",
    /// An agreement was proposed.
    AgreementPropose = "agreement propose",
    /// An agreement was signed.
    AgreementSign = "agreement sign",
    /// An agreement was ended.
    AgreementEnd = "agreement end",
    /// A file was submitted.
    Submit = "submit",
    /// Figures were released.
    Release = "release",
    /// The time of an embargo has come.
    EmbargoOver = "embargo over",
    /// Figures were withdrawn.
    Retract = "retract",
    /// What is no longer to be kept was erased.
    Erasure = "erasure",
    /// What a revoked key had signed was cut off.
    EntriesCutOff = "entries cut off",
    /// A crisis was declared.
    CrisisDeclare = "crisis declare",
    /// A crisis was joined.
    CrisisJoin = "crisis join",
    /// A bulletin was written.
    CrisisReport = "crisis report",
    /// A bulletin was approved.
    CrisisApprove = "crisis approve",
    /// A crisis was ended.
    CrisisEnd = "crisis end",
    /// What was learnt was written down.
    CrisisLessons = "crisis lessons",
    /// A crisis lane was closed.
    CrisisClosed = "crisis closed",
    /// A copy of the pages was signed.
    PublishSite = "publish site",
    /// An edition of a region was signed.
    RegionSign = "region sign",
    /// The views were folded anew.
    Rebuild = "rebuild",
    /// What was damaged was mended.
    DoctorRepair = "doctor repair",
    /// A backup was made.
    Backup = "backup",
    /// A bundle was written.
    BundleExport = "bundle export",
    /// A bundle was taken in.
    BundleImport = "bundle import",
    /// A token was made.
    TokenCreate = "token create",
    /// A token was ended.
    TokenRevoke = "token revoke",
    /// A link to sign in was made.
    SignInLink = "sign-in link",
    /// Links and sessions were ended.
    SignInEnd = "sign-in end",
    /// Somebody signed in.
    SignIn = "sign in",
    /// Somebody signed out.
    SignOut = "sign out",
    /// A fork was found.
    Fork = "fork",
    /// A partner's resolution of a fork came.
    ForkResolution = "fork resolution",
    /// A fork of ours was resolved.
    ForkResolve = "fork resolve",
    /// A partner's node did what it may not.
    FaultOfAPeer = "fault of a peer",
    /// A key for sealing was told.
    SealingKey = "sealing key",
    /// The end of recovery was ordered.
    RecoverOverride = "recover override",
    /// What an old copy lacks was taken back.
    RecoverOldCopy = "recover old copy",
    /// Recovery began.
    RecoveryBegun = "recovery begun",
    /// A feed came back.
    Recovered = "recovered",
    /// Recovery ended.
    RecoveryEnded = "recovery ended",
}
