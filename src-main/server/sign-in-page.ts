/** What a browser sees that was not let in yet; its styles are in a file of their own, as everywhere. */
export interface SignInPage {
  /** Why this page is shown, where something went wrong. */
  problem?: string
  /** Whether a password lets in. */
  asksPassword: boolean
}

export function signInPage({ problem, asksPassword }: SignInPage): string {
  return page(
    `<h1>Lenslore</h1>
${problem ? `<p role="alert">${problem}</p>` : ''}
${asksPassword ? form : ''}
<p>A link opens this window once, within ten minutes. Another one is printed by:</p>
<p><code>lenslore serve --link</code></p>`,
    '<link rel="stylesheet" href="/sign-in.css">',
  )
}

/**
 * Goes on to the window by itself, as a page of ours: only then does a strict browser bring the cookie. It has no styles, for
 * which the window would have to wait.
 */
export const welcomePage = page(
  '<p><a href="../">Open the window</a></p>',
  '<meta http-equiv="refresh" content="0; url=../">\n<meta name="color-scheme" content="light dark">',
)

/** After the tokens of the window, in which this page does not stand yet. */
export const signInStyle = `:root {
  color-scheme: light dark;
  --desk: light-dark(#f8f6f1, #1b1b1b);
  --raised: light-dark(#fffefb, #2e2e2e);
  --edge: light-dark(#8a8375, #7a7a7a);
  --line: light-dark(#dad4c7, #383838);
  --ink: light-dark(#24211c, #ececec);
  --ink-soft: light-dark(#575146, #b4b4b4);
  --fail: light-dark(#a92f1d, #f08a7a);
  --primary: light-dark(#865300, #f0b84a);
  --on-accent: light-dark(#ffffff, #1d1503);
}
body {
  margin: 0;
  min-height: 100vh;
  display: grid;
  place-content: center;
  box-sizing: border-box;
  padding: 1.5rem;
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  background: var(--desk);
  color: var(--ink-soft);
}
main { width: min(24rem, 100vw - 3rem) }
h1 { margin: 0 0 1rem; font-size: 1.75rem; font-weight: 400; color: var(--ink) }
p { margin: 0 0 0.5rem }
[role="alert"] { color: var(--fail) }
a { color: var(--primary) }
code {
  display: block;
  padding: 0.5rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: 4px;
  background: var(--raised);
  color: var(--ink);
  font: 0.8125rem ui-monospace, monospace;
}
form { display: grid; grid-template-columns: 1fr auto; gap: 0.5rem; margin: 1rem 0 1.5rem }
label { grid-column: 1 / -1; color: var(--ink) }
input, button {
  height: 2rem;
  box-sizing: border-box;
  padding: 0 0.75rem;
  border: 1px solid var(--edge);
  border-radius: 4px;
  background: var(--raised);
  color: var(--ink);
  font: inherit;
}
button { border-color: var(--primary); background: var(--primary); color: var(--on-accent) }
:focus-visible { outline: 2px solid var(--primary); outline-offset: 2px }
`

const form = `<form method="post" action="/sign-in">
<input name="username" value="lenslore" autocomplete="username" hidden>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button>Open</button>
</form>`

function page(body: string, head: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lenslore</title>
<link rel="icon" href="data:,">
${head}
</head>
<body><main>${body}</main></body>
</html>
`
}
