//! The words of a summary in the three languages. `{}` is where something is filled in.

use crate::model::codelist::Language;
use crate::policy::{PurposeCode, Role};

/// Words by language: English, French, Spanish.
pub(super) type Words = [&'static str; 3];

/// The words in one language; English for one that there are none in.
pub(super) const fn say(words: &Words, language: Language) -> &'static str {
    match language {
        Language::Fr => words[1],
        Language::Es => words[2],
        Language::En | Language::Ar => words[0],
    }
}

pub(super) const STANDING: [Words; 4] = [
    [
        "Proposed; not signed yet: {}.",
        "Proposé ; pas encore signé par : {}.",
        "Propuesto; falta la firma de: {}.",
    ],
    [
        "Signed; not begun yet.",
        "Signé ; pas encore entré en vigueur.",
        "Firmado; aún no ha entrado en vigor.",
    ],
    ["In force.", "En vigueur.", "En vigor."],
    ["Over since {}.", "Terminé depuis le {}.", "Terminado desde el {}."],
];
pub(super) const PARTIES: Words = ["Parties", "Parties", "Partes"];
pub(super) const SIGNED: Words = ["signed {}", "signé le {}", "firmado el {}"];
pub(super) const NOT_SIGNED: Words = ["not signed", "pas signé", "sin firmar"];
pub(super) const LEFT: Words = ["left {}", "sorti le {}", "se retiró el {}"];
pub(super) const QUORUM: Words = [
    "It takes {} signatures to put it in force, and binds those who have signed.",
    "Il entre en vigueur avec {} signatures et lie ceux qui ont signé.",
    "Entra en vigor con {} firmas y obliga a quienes han firmado.",
];
pub(super) const PURPOSE: Words = ["Purpose", "Finalité", "Finalidad"];
pub(super) const NEVER: Words = [
    "Never for enforcement against persons.",
    "Jamais pour des mesures contre des personnes.",
    "Nunca para actuar contra personas.",
];
pub(super) const OURS: Words = [
    "What this lets out from our side ({})",
    "Ce que nous transmettons ({})",
    "Lo que sale de nuestra parte ({})",
];
pub(super) const THEIRS: Words =
    ["What this lets out from the side of {}", "Ce que transmet {}", "Lo que sale de la parte de {}"];
pub(super) const NOTHING: Words =
    ["Nothing: it only reads.", "Rien : cette partie ne fait que lire.", "Nada: solo lee."];
pub(super) const ALL_THAT_BEGIN: Words = [
    "all indicators that begin with {}",
    "tous les indicateurs commençant par {}",
    "todos los indicadores que empiezan por {}",
];
pub(super) const COUNTERPARTS: [Words; 3] = [
    [
        "movements between the parties only",
        "seulement les mouvements entre les parties",
        "solo los movimientos entre las partes",
    ],
    ["all counterpart countries", "tous les pays de contrepartie", "todos los países de contrapartida"],
    ["these counterparts only: {}", "seulement ces contreparties : {}", "solo estas contrapartidas: {}"],
];
pub(super) const SEX: Words = ["by sex", "par sexe", "por sexo"];
pub(super) const AGE: Words = ["by age", "par âge", "por edad"];
pub(super) const DETAIL: [Words; 3] = [
    ["totals only", "totaux seulement", "solo totales"],
    ["totals and {}", "totaux et {}", "totales y {}"],
    ["as fine as it is", "au niveau le plus fin", "con todo el detalle"],
];
pub(super) const BREAKDOWNS: Words = [
    "by education, occupation, activity, reason and duration",
    "par instruction, profession, activité, motif et durée",
    "por educación, ocupación, actividad, motivo y duración",
];
pub(super) const TERRITORY: Words = ["by territory", "par territoire", "por territorio"];
pub(super) const LEVELS: [Words; 3] = [
    ["the country as a whole", "le pays entier", "el país entero"],
    ["its regions", "ses régions", "sus regiones"],
    [
        "its regions and those of the counterpart",
        "ses régions et celles de la contrepartie",
        "sus regiones y las de la contrapartida",
    ],
];
pub(super) const PERIODS: Words = ["periods", "périodes", "períodos"];
pub(super) const ANY_PERIOD: Words = ["all", "toutes", "todos"];
pub(super) const FREQUENCIES: Words = ["frequencies", "fréquences", "frecuencias"];
pub(super) const CEILING: Words = [
    "up to sensitivity class {}",
    "jusqu'à la classe de sensibilité {}",
    "hasta la clase de sensibilidad {}",
];
pub(super) const S3: Words = [
    "Figures on refugees, asylum and protection never go to the government of the country people come from, \
     whatever stands here.",
    "Les chiffres sur les réfugiés, l'asile et la protection ne vont jamais au gouvernement du pays d'origine, quoi \
     qu'il soit écrit ici.",
    "Las cifras sobre refugio, asilo y protección nunca van al gobierno del país de origen, diga lo que diga este \
     texto.",
];
pub(super) const ONWARD: Words = ["Handing on", "Transmission à des tiers", "Transmisión a terceros"];
pub(super) const ONWARD_KINDS: [Words; 4] = [
    ["To nobody but the parties.", "À personne d'autre que les parties.", "A nadie más que a las partes."],
    ["Also to: {}.", "Aussi à : {}.", "También a: {}."],
    [
        "Also to who joins the group later.",
        "Aussi à ceux qui rejoignent le groupe plus tard.",
        "También a quienes se unan después al grupo.",
    ],
    ["The figures may be published.", "Les chiffres peuvent être publiés.", "Las cifras pueden publicarse."],
];
pub(super) const COURIERS: Words =
    ["Carried, sealed, by: {}.", "Transportés, scellés, par : {}.", "Llevados, sellados, por: {}."];
pub(super) const RETENTION: Words = ["Keeping", "Conservation", "Conservación"];
pub(super) const RETENTION_KINDS: [Words; 3] = [
    [
        "As long as they are needed, also after the agreement.",
        "Aussi longtemps que nécessaire, même après l'accord.",
        "Mientras hagan falta, también después del acuerdo.",
    ],
    [
        "{} days after it is over recipients erase the figures and confirm it, signed.",
        "{} jours après sa fin, les destinataires effacent les chiffres et le confirment, par signature.",
        "{} días después de su fin, los destinatarios borran las cifras y lo confirman con su firma.",
    ],
    [
        "{} seconds after it is over recipients erase the figures and confirm it, signed.",
        "{} secondes après sa fin, les destinataires effacent les chiffres et le confirment, par signature.",
        "{} segundos después de su fin, los destinatarios borran las cifras y lo confirman con su firma.",
    ],
];
pub(super) const PROTECTION: Words = ["Small numbers", "Petits nombres", "Números pequeños"];
pub(super) const PROTECTION_KINDS: [Words; 2] = [
    [
        "Each indicator's own disclosure rule.",
        "La règle de divulgation de chaque indicateur.",
        "La regla de divulgación de cada indicador.",
    ],
    [
        "Disclosure rule {} for all.",
        "Règle de divulgation {} pour tous.",
        "Regla de divulgación {} para todos.",
    ],
];
pub(super) const CRISIS: Words = ["Crisis", "Crise", "Crisis"];
pub(super) const CRISIS_KINDS: [Words; 4] = [
    ["No crisis lane.", "Pas de voie de crise.", "Sin vía de crisis."],
    [
        "A crisis may be declared by {} signatures, for {} days.",
        "Une crise peut être déclarée par {} signatures, pour {} jours.",
        "Una crisis puede declararse con {} firmas, por {} días.",
    ],
    [
        "A crisis lane may be declared by {} signatures of different countries, for {} days at most. It opens {}, for the protection of people only, and what was received is erased {} after it is over.",
        "Une voie de crise peut être déclarée par {} signatures de pays différents, pour {} jours au plus. Elle ouvre {}, pour la seule protection des personnes, et ce qui a été reçu est effacé {} après sa fin.",
        "Una vía de crisis puede declararse con {} firmas de países distintos, por {} días como máximo. Abre {}, solo para la protección de las personas, y lo recibido se borra {} después de su fin.",
    ],
    [
        "This is a crisis lane for {}, declared under agreement {}.",
        "Ceci est une voie de crise pour {}, déclarée en vertu de l'accord {}.",
        "Esta es una vía de crisis para {}, declarada en virtud del acuerdo {}.",
    ],
];
pub(super) const LOWERED: Words = [
    "Counts are held to a weaker rule than usual: {}; never those of people in need of protection.",
    "Les comptages suivent une règle moins stricte que d'habitude : {} ; jamais ceux des personnes à protéger.",
    "Los recuentos siguen una regla menos estricta que la habitual: {}; nunca los de personas que necesitan protección.",
];
pub(super) const PROTECTION_TO_ORIGIN: [Words; 2] = [
    [
        "Figures on people in need of protection go to no government of the country they come from.",
        "Les chiffres sur les personnes à protéger ne vont à aucun gouvernement de leur pays d'origine.",
        "Las cifras sobre personas que necesitan protección no van al gobierno de su país de origen.",
    ],
    [
        "Figures on people in need of protection also go to the government of the country they come from.",
        "Les chiffres sur les personnes à protéger vont aussi au gouvernement de leur pays d'origine.",
        "Las cifras sobre personas que necesitan protección van también al gobierno de su país de origen.",
    ],
];
pub(super) const TERM: Words = ["Term", "Durée", "Vigencia"];
pub(super) const TERM_KINDS: [Words; 2] = [
    ["From {}, without end.", "À partir du {}, sans terme.", "Desde el {}, sin término."],
    ["From {} until {}.", "Du {} au {}.", "Desde el {} hasta el {}."],
];
pub(super) const SUPERSEDES: Words = [
    "It takes the place of agreement {}, which is over once this one is in force.",
    "Il remplace l'accord {}, qui prend fin dès que celui-ci est en vigueur.",
    "Sustituye al acuerdo {}, que termina en cuanto este entra en vigor.",
];

pub(super) const fn role(role: Role) -> Words {
    match role {
        Role::Origin => ["origin", "pays d'origine", "país de origen"],
        Role::Destination => ["destination", "pays de destination", "país de destino"],
        Role::Member => ["member", "membre", "miembro"],
        Role::Observer => ["observer, reads only", "observateur, lecture seule", "observador, solo lee"],
        Role::Courier => ["courier, cannot read", "messager, ne peut pas lire", "mensajero, no puede leer"],
    }
}

pub(super) const fn purpose(code: PurposeCode) -> Words {
    match code {
        PurposeCode::Policy => ["Policy", "Politique publique", "Políticas públicas"],
        PurposeCode::Stat => ["Official statistics", "Statistique officielle", "Estadística oficial"],
        PurposeCode::Protect => {
            ["Protection of migrants", "Protection des migrants", "Protección de migrantes"]
        }
        PurposeCode::Plan => ["Planning", "Planification", "Planificación"],
        PurposeCode::Research => ["Research", "Recherche", "Investigación"],
    }
}

/// Fills in what stands for `{}`, in order.
pub(super) fn fill(text: &str, with: &[&str]) -> String {
    let mut parts = text.split("{}");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        out += with.get(at).copied().unwrap_or_default();
        out += part;
    }
    out
}
