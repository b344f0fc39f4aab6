const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/** The first name that the outermost object of this valid JSON holds twice; JSON.parse would silently keep the last of them. */
export function repeatedMember(json: string): string | undefined {
  const seen = new Set<string>()
  let depth = 0
  let text: string | undefined
  for (const [token] of json.matchAll(tokens)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    else if (token === ':' && depth === 1 && text !== undefined) {
      const name = String(JSON.parse(text))
      if (seen.has(name)) return name
      seen.add(name)
    }
    text = token.startsWith('"') ? token : undefined
  }
  return undefined
}
