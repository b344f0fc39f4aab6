import { CodedError } from '../../../shared/coded-error.ts'
import type { ReplicaLink } from './replica-link.ts'

/** Of a node that nobody reaches: its groups have no other members. */
export const lonelyLink: ReplicaLink = {
  send: () => undefined,
  catchUp: () => Promise.reject(new CodedError('unavailable', 'this node reaches no other; nothing was changed')),
}
