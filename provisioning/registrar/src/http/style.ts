/** The page's only style sheet: one column, system fonts, light and dark, fingers' size. */
export const style = `
:root { color-scheme: light dark; --line: #8886; --bad: #b3261e; --accent: #1a5fb4; --paper: #fff; --ink: #111; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --accent: #8ab4f8; --paper: #121212; --ink: #eee; } }
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); }
body { margin: 0 auto; max-width: 40rem; padding: 0 1rem 3rem; font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; justify-content: space-between; align-items: center; min-height: 3.5rem; border-bottom: 1px solid var(--line); }
header a { font-weight: 600; }
a { color: var(--accent); text-decoration: none; }
h1 { font-size: 1.6rem; margin: 1rem 0 0.5rem; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 0.5rem; }
.code { font-family: ui-monospace, monospace; letter-spacing: 0.06em; }
.list { list-style: none; margin: 0; padding: 0; }
.list a { display: grid; gap: 0.1rem; padding: 0.75rem 0; border-bottom: 1px solid var(--line); color: inherit; }
.list .code { font-size: 1.3rem; color: var(--accent); }
dl { margin: 1rem 0; display: grid; gap: 0 1rem; }
dt { font-size: 0.85rem; opacity: 0.75; margin-top: 0.6rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.hex { font: 0.8rem/1.4 ui-monospace, monospace; }
form { margin: 1.5rem 0; }
header form { margin: 0; }
label { display: block; margin: 0.9rem 0; }
label.tick { display: flex; gap: 0.6rem; align-items: flex-start; }
input, select, button { font: inherit; width: 100%; min-height: 3rem; padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--paper); color: var(--ink); }
input[type=checkbox] { width: 1.6rem; min-height: 1.6rem; flex: none; margin: 0; }
button { background: var(--accent); color: var(--paper); border: 0; font-weight: 600; cursor: pointer; }
button.bad { background: none; color: var(--bad); border: 1px solid var(--bad); }
button.plain { background: none; color: var(--accent); width: auto; padding: 0 0.25rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.bad { color: var(--bad); }
.box { border: 1px solid currentColor; border-radius: 0.5rem; padding: 0.6rem 0.8rem; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: 0.6rem; border: 1px solid var(--line); border-radius: 0.5rem; }
`;
