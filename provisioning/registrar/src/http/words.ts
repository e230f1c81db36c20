const en = {
  title: "Enrolments",
  none: "Nobody is waiting.",
  waiting: "Waiting for you",
  before: "Decided",
  code: "Code on the device",
  device: "Device",
  asked: "Asked",
  meters: "Meters",
  connection: "connection",
  generator: "generator",
  place: "Noted by the installer",
  maker: "Chip",
  makerKnown: "by a known maker",
  makerUnknown: "Unknown maker",
  contested: "Another request for this very chip is waiting. One of the two is not what it seems.",
  replaces: "Takes the place of the device of",
  typeCode: "Code, as the installer reads it out",
  participant: "Participant",
  node: "Grid node",
  utility: "Utility",
  source: "Its energy is",
  green: "green",
  storage: "from storage",
  other: "other",
  takeUnknown: "Take this chip although its maker is unknown",
  withoutHousehold: "The old key is lost: ask in the household's place; its utility has to confirm",
  approve: "Approve",
  decline: "Decline",
  reason: "Reason, for the household to read",
  back: "All enrolments",
  leave: "Sign out",
  enter: "Open the page",
  entering: "This link works once. It opens the enrolments for twelve hours on this phone.",
  noEntry: "You are not signed in",
  noEntryHelp: "Ask for a link on the operator's machine:",
  stateWaiting: "waiting",
  stateApproving: "approved, being carried out",
  stateApproved: "approved, not yet fetched",
  stateIssued: "enrolled",
  stateDeclined: "declined",
  stateExpired: "expired",
  by: "by",
};
export type Words = { readonly [K in keyof typeof en]: string };

const pt: Words = {
  title: "Adesões",
  none: "Ninguém à espera.",
  waiting: "À sua espera",
  before: "Decididas",
  code: "Código no aparelho",
  device: "Aparelho",
  asked: "Pedido",
  meters: "Contadores",
  connection: "ligação à rede",
  generator: "gerador",
  place: "Anotado pelo instalador",
  maker: "Chip",
  makerKnown: "de um fabricante conhecido",
  makerUnknown: "Fabricante desconhecido",
  contested: "Há outro pedido à espera para este mesmo chip. Um dos dois não é o que parece.",
  replaces: "Substitui o aparelho de",
  typeCode: "Código, como o instalador o lê",
  participant: "Participante",
  node: "Nó da rede",
  utility: "Comercializador",
  source: "A sua energia é",
  green: "verde",
  storage: "de armazenamento",
  other: "outra",
  takeUnknown: "Aceitar este chip embora o fabricante seja desconhecido",
  withoutHousehold:
    "A chave antiga perdeu-se: pedir em nome da casa; o comercializador tem de confirmar",
  approve: "Aprovar",
  decline: "Recusar",
  reason: "Motivo, para a casa ler",
  back: "Todas as adesões",
  leave: "Sair",
  enter: "Abrir a página",
  entering: "Esta ligação funciona uma vez. Abre as adesões durante doze horas neste telemóvel.",
  noEntry: "Não tem sessão iniciada",
  noEntryHelp: "Peça uma ligação na máquina do operador:",
  stateWaiting: "à espera",
  stateApproving: "aprovada, em execução",
  stateApproved: "aprovada, ainda não levantada",
  stateIssued: "em vigor",
  stateDeclined: "recusada",
  stateExpired: "expirada",
  by: "por",
};

export interface Language {
  readonly code: "en" | "pt";
  readonly words: Words;
}

/** The reader's language by Accept-Language: Portuguese where it is asked for before English. */
export function languageOf(accept: string | undefined): Language {
  const wanted = (accept ?? "")
    .split(",")
    .map((one) => one.trim().slice(0, 2).toLowerCase())
    .find((one) => one === "en" || one === "pt");
  return wanted === "pt" ? { code: "pt", words: pt } : { code: "en", words: en };
}
