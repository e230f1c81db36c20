import { en, type Messages } from "./en.js";
import { pt } from "./pt.js";

export type { Messages };
export type Language = "en" | "pt";

const languages: Record<Language, Messages> = { en, pt };

/** The first language the reader asks for that we speak; English otherwise. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.slice(0, 2).toLowerCase();
    if (language === "en" || language === "pt") return language;
  }
  return "en";
}

export function messagesFor(language: Language): Messages {
  return languages[language];
}

/** `{name}` in a message is replaced by the value of that name. */
export function fill(message: string, values: Readonly<Record<string, string>>): string {
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
