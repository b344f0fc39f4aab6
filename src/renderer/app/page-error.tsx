import type { ErrorComponentProps } from '@tanstack/react-router'

export function PageError({ error }: ErrorComponentProps) {
  return <pre>{error instanceof Error ? error.message : String(error)}</pre>
}
