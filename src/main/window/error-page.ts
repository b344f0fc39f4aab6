/** Static pages for when the screens cannot run: no script, and the one style element that the policy allows by its nonce. */

export type ErrorPage = 'stopped' | 'missing'

const texts: Readonly<Record<ErrorPage, { readonly title: string; readonly paragraphs: readonly string[] }>> = {
  stopped: {
    title: 'The screens of memo have stopped twice',
    paragraphs: [
      'The process that draws this window ended, was started again, and ended once more.',
      'The node and its data are not affected: programs that use it keep working.',
      'Choose View, Reload to try again. If that does not help, the log of the app says more: Help, Show logs.',
    ],
  },
  missing: {
    title: 'The screens of memo could not be loaded',
    paragraphs: [
      'The files of the screens are missing or cannot be read, so this installation is incomplete. Install memo anew.',
      'The node and its data are not affected: programs that use it keep working.',
    ],
  },
}

export function errorPagePath(page: ErrorPage): string {
  return `/error/${page}.html`
}

/** The page at a path, or undefined where none is. */
export function errorPageAt(path: string, nonce: string): string | undefined {
  const page = (Object.keys(texts) as ErrorPage[]).find((name) => errorPagePath(name) === path)
  if (page === undefined) return undefined
  const { title, paragraphs } = texts[page]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>memo</title>
<style nonce="${nonce}">body { font: 15px/1.6 system-ui, sans-serif; margin: 15vh auto; max-width: 34rem; padding: 0 2rem }</style>
</head>
<body>
<h1>${title}</h1>
${paragraphs.map((text) => `<p>${text}</p>`).join('\n')}
</body>
</html>
`
}
