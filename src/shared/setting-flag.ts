/** Lists, of which each flag gives one entry. */
const flagOfList: Readonly<Record<string, string>> = { labels: '--label', peers: '--peer' }

/** How the command line calls a setting: readyFile -> --ready-file, labels -> --label. */
export function settingFlag(name: string): string {
  return flagOfList[name] ?? `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** The setting that a flag gives, whether or not there is one: --ready-file -> readyFile. */
export function settingOfFlag(flag: string): string {
  const list = Object.keys(flagOfList).find((name) => flagOfList[name] === flag)
  return list ?? flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
