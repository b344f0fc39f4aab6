import type { Presented, PresentRequest } from './present-value.ts'
import { present } from './present-value.ts'

export interface PresentCall extends PresentRequest {
  readonly id: number
}

export type PresentAnswer =
  | { readonly id: number; readonly presented: Presented }
  | { readonly id: number; readonly problem: string }

self.addEventListener('message', (event: MessageEvent<PresentCall>) => {
  const { id, ...request } = event.data
  let answer: PresentAnswer
  try {
    answer = { id, presented: present(request) }
  } catch (error) {
    answer = { id, problem: error instanceof Error ? error.message : String(error) }
  }
  self.postMessage(answer)
})
