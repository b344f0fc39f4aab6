/** Content types of the files that a build of the screens consists of; others are not served. */
const fileTypes: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['svg', 'image/svg+xml'],
  ['png', 'image/png'],
  ['ico', 'image/x-icon'],
  ['woff2', 'font/woff2'],
  ['json', 'application/json; charset=utf-8'],
  ['webmanifest', 'application/manifest+json'],
  ['map', 'application/json; charset=utf-8'],
])

export function fileTypeOf(path: string): string | undefined {
  return fileTypes.get(/\.([a-z0-9]+)$/.exec(path)?.[1] ?? '')
}

/**
 * The steps below the folder of the build that a path of an address names; undefined for one that could name anything else: parent
 * folders, hidden or device files, separators in disguise, characters that end a path.
 */
export function fileStepsOf(path: string): readonly string[] | undefined {
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return undefined
  }
  const [root, ...steps] = decoded.split('/')
  const plain = steps.every((step) => /^[A-Za-z0-9_~@-][A-Za-z0-9._~@-]*$/.test(step) && !step.includes('..'))
  return root === '' && steps.length > 0 && plain ? steps : undefined
}
