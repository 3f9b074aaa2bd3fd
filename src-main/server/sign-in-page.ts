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
  )
}

/** Goes on to the window by itself, as a page of ours: only then does a strict browser bring the cookie. */
export const welcomePage = page(
  '<h1>Lenslore</h1><p><a href="../">Open the window</a></p>',
  '<meta http-equiv="refresh" content="0; url=../">',
)

export const signInStyle = `:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 24px; box-sizing: border-box }
main { max-width: 26rem }
h1 { font-size: 20px; font-weight: 600 }
code { font: 13px ui-monospace, monospace; padding: 4px 8px; border: 1px solid color-mix(in srgb, currentcolor 20%, transparent); border-radius: 6px }
label { display: block; margin-bottom: 4px }
input, button { font: inherit; padding: 8px 12px; border-radius: 8px; border: 1px solid color-mix(in srgb, currentcolor 50%, transparent) }
form { margin-bottom: 24px }
`

const form = `<form method="post" action="/sign-in">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button>Open</button>
</form>`

function page(body: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lenslore</title>
<link rel="stylesheet" href="/sign-in.css">
${head}
</head>
<body><main>${body}</main></body>
</html>
`
}
