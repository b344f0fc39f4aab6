/** The environment of this process, as it was when asked. Nothing else in the app reads it. */
export function appEnvironment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env }
}
