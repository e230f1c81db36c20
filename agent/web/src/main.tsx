import { render } from "preact";
import { App } from "./app.js";
import { formatFor } from "./format.js";
import { chooseLanguage, messagesFor } from "./i18n/messages.js";
import { followAgent } from "./overview.js";

const language = chooseLanguage(navigator.languages);
document.documentElement.lang = language;
const page = document.getElementById("page");
if (page) {
  render(<App messages={messagesFor(language)} format={formatFor(language)} />, page);
  followAgent();
}
