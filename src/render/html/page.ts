// The shell of a page that stands alone: one file, no script, nothing fetched, and a policy inside that forbids both.

import { html, type Markup } from "./markup.ts";
import { style } from "./style.ts";

/** `more`: what only this kind of page needs, after the style that all share. */
export function page(title: string, body: Markup, more = ""): string {
  const sheet: Markup = { markup: `${style}${more}` };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${sheet}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.markup;
}
