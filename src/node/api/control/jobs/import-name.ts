/** The part of a key that a file gives: its path with `/` between the names. Or why it gives none. */
export function importName(
  path: string,
): { readonly kind: 'name'; readonly name: string } | { readonly kind: 'refused'; readonly reason: string } {
  const name = path.replaceAll('\\', '/')
  if (!name.isWellFormed()) return refused('its name is not well-formed text')
  if (name.includes('\0')) return refused('its name has a zero byte')
  const steps = name.split('/')
  if (/^[A-Za-z]:/.test(name)) return refused('its path begins with a drive')
  if (steps.some((step) => step === '' || step === '.' || step === '..')) return refused('its path leaves the folder')
  return { kind: 'name', name }
}

function refused(reason: string): { readonly kind: 'refused'; readonly reason: string } {
  return { kind: 'refused', reason }
}
