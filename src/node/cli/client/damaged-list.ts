import { CodedError } from '../../../shared/coded-error.ts'
import type { ListResponse } from '../../api/grpc/generated/memo/v1/key_value_pb.js'

/** What the pages of a list lack because the node's store is damaged. */
export class DamagedList {
  unreadable = 0
  /** Keys may be missing without a trace. */
  incomplete = false

  take(page: Pick<ListResponse, 'unreadable' | 'incomplete'>): void {
    this.unreadable += page.unreadable.length
    this.incomplete ||= page.incomplete
  }

  /** For whom the list was made, at its end; undefined where it is whole. */
  get error(): CodedError | undefined {
    if (this.unreadable === 0 && !this.incomplete) return undefined
    const { unreadable, incomplete } = this
    const details = { unreadable, incomplete }
    return new CodedError('data-corrupt', `${this.text}: "memo doctor" says what to do`, { details })
  }

  get text(): string {
    const keys = this.unreadable === 1 ? '1 key cannot be read' : `${this.unreadable} keys cannot be read`
    const hidden = 'the index of the node is damaged, so that keys may be missing from this list'
    if (!this.incomplete) return keys
    return this.unreadable === 0 ? hidden : `${keys}; ${hidden}`
  }
}
