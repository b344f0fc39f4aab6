export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process, as it was when asked. Nothing else in memo reads it. */
export function processEnvironment(): Environment {
  return { ...process.env }
}
