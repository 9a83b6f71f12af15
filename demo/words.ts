/** What the people of the story type, and what they are to read, in each language of the product. */
export type DemoLanguage = "en" | "es";

/** Ids that the people carry on the homeserver. */
export type Ids = Readonly<Record<"ana" | "luis" | "dulce" | "tiago" | "awa", string>>;

/** What must never leave the devices in clear: it is typed in the story, and looked for afterwards in every file. */
export const SECRETS = {
  agreement: "ES-PT-CV 2026/114",
  taskTitle: "Get the air waybill of the grey container",
  taskNote: "copy received from Marisol",
  paper: "despacho 0123/26-PGR",
  dulce: "Dulce Brito Évora",
  tiago: "Tiago Semedo Lobo",
  awa: "Awa Ndiaye Sarr",
  seal: "0774471-KX",
  from: "Mindelo",
  to: "Leixões",
  reason: "we are burnt at the quay",
} as const;

/** The last day of the agreement and the plan's days: the year after the one in which the demo runs, so that they are always ahead. */
export interface Calendar {
  readonly until: string;
  readonly start: string;
  readonly end: string;
}

export interface Words {
  readonly coordination: string;
  readonly liaison: string;
  readonly help: string;
  readonly open: (ids: Ids, calendar: Calendar) => string;
  readonly add: Readonly<Record<"dulce" | "tiago" | "awa", (ids: Ids) => string>>;
  readonly taskAdd: string;
  readonly taskDone: string;
  readonly draft: (calendar: Calendar) => string;
  readonly ask: (country: string) => string;
  readonly granted: string;
  readonly go: string;
  readonly give: string;
  readonly contact: string;
  readonly stop: string;
  readonly verify: string;
  readonly buttons: Readonly<Record<"confirm" | "approve" | "acknowledge" | "stands", RegExp>>;
  readonly reads: Readonly<Record<
    | "help" | "newCase" | "codename" | "confirm" | "consent" | "askedOthers" | "opened" | "addOne" | "added" | "welcome"
    | "taskAdded" | "taskGiven" | "taskReminder" | "taskFinished" | "taskBoard"
    | "drafted" | "grantAsked" | "grantConfirm" | "granted" | "allGranted" | "refusedGo" | "goConfirm" | "notGone" | "gone"
    | "contact" | "giveConfirm" | "offered" | "takeDetails" | "takeStub" | "yourReading" | "watchTaken" | "watchSince"
    | "contactStub" | "contactWho" | "noContact" | "alertStub" | "alertDetails" | "alertRaised" | "acknowledged" | "youAcknowledged"
    | "stopStub" | "stopped" | "verified", RegExp>>;
}

const en: Words = {
  coordination: "· coordination",
  liaison: "· liaison",
  help: "help",
  open: (ids, { until }) => `jit open agreement "${SECRETS.agreement}" states ES,PT,CV until ${until} admins ${ids.ana} ES ${ids.luis} PT`,
  add: {
    dulce: (ids) => `jit add ${ids.dulce} "${SECRETS.dulce}" authority CV`,
    tiago: (ids) => `jit add ${ids.tiago} "${SECRETS.tiago}" member PT`,
    awa: (ids) => `jit add ${ids.awa} "${SECRETS.awa}" liaison SN`,
  },
  taskAdd: `!task add ${SECRETS.taskTitle} @tiago in 1 minute`,
  taskDone: `task done T-1 ${SECRETS.taskNote}`,
  draft: ({ start, end }) => `cd new route ${SECRETS.from} CV > ${SECRETS.to} PT mode clean seal ${SECRETS.seal} from ${start} 04:00 ${SECRETS.from} to ${end} 20:00 Lisbon`,
  ask: (country) => `cd ask CD-1 ${country}`,
  granted: `cd granted CD-1 paper ${SECRETS.paper}`,
  go: "go",
  give: `cd give CD-1 seal ${SECRETS.seal} intact`,
  contact: "1",
  stop: `STOP ${SECRETS.reason}`,
  verify: "audit verify",
  buttons: { confirm: /^Confirm$/, approve: /^Approve$/, acknowledge: /^I acknowledge$/, stands: /^It stands$/ },
  reads: {
    help: /^What you can do here/,
    newCase: /^New JIT\. Codename from my list: /,
    codename: /Codename from my list: (\S+)/,
    confirm: / · confirm \S+\?$/,
    consent: / · your consent to \S+\?$/,
    askedOthers: /^Asked /,
    opened: / is open: rooms /,
    addOne: /: add /,
    added: / is .* Added by .*, approved by /,
    welcome: /^You are [A-Z]{2}-\d+ in /,
    taskAdded: /^T-1 /,
    taskGiven: / gave you T-1: /,
    taskReminder: / T-1 · answer by /,
    taskFinished: /T-1 done \(/,
    taskBoard: /1 open task:[\s\S]*T-1 /,
    drafted: /^CD-1 drafted/,
    grantAsked: / CD-1 · grant asked of you$/,
    grantConfirm: /^Record this grant of /,
    granted: / has granted CD-1, /,
    allGranted: /^All countries on the route have granted|All countries on the route have granted/,
    refusedGo: /^CD-1 does not move: every country/,
    goConfirm: /^Go for CD-1, /,
    notGone: /^Not gone: |\nNot gone: /,
    gone: /CD-1 MOVES since /,
    contact: /^✓ /,
    giveConfirm: /^Give CD-1 to /,
    offered: / offers the watch to /,
    takeDetails: / offers the watch of CD-1 to /,
    takeStub: / CD-1 · which seal do you see\?$/,
    yourReading: /^Your reading is recorded/,
    watchTaken: /^Two independent readings, equal\. Taken by /,
    watchSince: /Watch: Portugal since /,
    contactStub: / CD-1 · who has contact\?$/,
    contactWho: /: no contact for .* Who has contact\?/,
    noContact: /: NO CONTACT for /,
    alertStub: / A-1 · P1 · answer by /,
    alertDetails: /^CD-1, leg 2: no contact for .*Silence is not loss/,
    alertRaised: /^A-1 · P1 · asked /,
    acknowledged: /^A-1: acknowledged by SN-1, /,
    youAcknowledged: /^A-1: you have acknowledged it, /,
    stopStub: / CD-1 · STOP$/,
    stopped: /^CD-1 STOPPED .* by PT-2\./,
    verified: /chain unbroken/,
  },
};

const es: Words = {
  coordination: "· coordinación",
  liaison: "· enlace",
  help: "ayuda",
  open: (ids, { until }) => `eci abrir acuerdo "${SECRETS.agreement}" estados ES,PT,CV hasta ${until} administradores ${ids.ana} ES ${ids.luis} PT`,
  add: {
    dulce: (ids) => `eci añadir ${ids.dulce} "${SECRETS.dulce}" autoridad CV`,
    tiago: (ids) => `eci añadir ${ids.tiago} "${SECRETS.tiago}" investigador PT`,
    awa: (ids) => `eci añadir ${ids.awa} "${SECRETS.awa}" enlace SN`,
  },
  taskAdd: `!tarea nueva ${SECRETS.taskTitle} @tiago dentro de 1 minuto`,
  taskDone: `tarea hecha T-1 ${SECRETS.taskNote}`,
  draft: ({ start, end }) => `ev nueva ruta ${SECRETS.from} CV > ${SECRETS.to} PT modo limpia precinto ${SECRETS.seal} desde ${start} 04:00 ${SECRETS.from} hasta ${end} 20:00 Lisboa`,
  ask: (country) => `ev pedir CD-1 ${country}`,
  granted: `ev autorizada CD-1 documento ${SECRETS.paper}`,
  go: "adelante",
  give: `ev dar CD-1 precinto ${SECRETS.seal} intacto`,
  contact: "1",
  stop: `ALTO ${SECRETS.reason}`,
  verify: "auditoría verificar",
  buttons: { confirm: /^Confirmar$/, approve: /^Aprobar$/, acknowledge: /^Acuso recibo$/, stands: /^Es correcta$/ },
  reads: {
    help: /^Lo que puedes hacer aquí/,
    newCase: /^Nuevo ECI\. Nombre clave de mi lista: /,
    codename: /Nombre clave de mi lista: (\S+)/,
    confirm: / · ¿confirmas \S+\?$/,
    consent: / · ¿das tu acuerdo a \S+\?$/,
    askedOthers: /^Preguntado a /,
    opened: / está abierto: salas /,
    addOne: /: añadir a /,
    added: / es .* Añadido por .*, aprobado por /,
    welcome: /^Eres [A-Z]{2}-\d+ en /,
    taskAdded: /^T-1 /,
    taskGiven: / te ha dado T-1: /,
    taskReminder: / T-1 · responder antes de /,
    taskFinished: /T-1 hecha \(/,
    taskBoard: /1 tarea abierta:[\s\S]*T-1 /,
    drafted: /^CD-1 preparada/,
    grantAsked: / CD-1 · se te pide autorización$/,
    grantConfirm: /^¿Registrar esta autorización de /,
    granted: / ha autorizado CD-1, /,
    allGranted: /Todos los países de la ruta han autorizado/,
    refusedGo: /^CD-1 no sale: antes tiene que haber autorizado/,
    goConfirm: /^¿Adelante con CD-1, /,
    notGone: /^No ha salido: |\nNo ha salido: /,
    gone: /CD-1 EN MARCHA desde /,
    contact: /^✓ /,
    giveConfirm: /^¿Dar CD-1 a /,
    offered: / ofrece la vigilancia a /,
    takeDetails: / ofrece la vigilancia de CD-1 a /,
    takeStub: / CD-1 · ¿qué precinto ves\?$/,
    yourReading: /^Tu lectura /,
    watchTaken: /^Dos lecturas independientes, iguales/,
    watchSince: /Vigilancia: Portugal desde /,
    contactStub: / CD-1 · ¿quién tiene contacto\?$/,
    contactWho: /sin contacto .*¿Quién tiene contacto\?/,
    noContact: /SIN CONTACTO/,
    alertStub: / A-1 · P1 · responder antes de /,
    alertDetails: /^CD-1, etapa 2: sin contacto/,
    alertRaised: /^A-1 · P1 · se pregunta a /,
    acknowledged: /^A-1: SN-1 ha acusado recibo, /,
    youAcknowledged: /^A-1: has acusado recibo, /,
    stopStub: / CD-1 · ALTO$/,
    stopped: /^CD-1 PARADA .* por PT-2/,
    verified: /la cadena está íntegra/,
  },
};

/** By language. */
export const WORDS: Readonly<Record<DemoLanguage, Words>> = { en, es };
