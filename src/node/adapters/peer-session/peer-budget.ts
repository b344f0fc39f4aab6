import type { Limits } from '../../core/base/limits.ts'

/** What the requests and streams of one session, or of all sessions together, take up. */
export class PeerBudget {
  readonly #requestsMax: number
  readonly #requestBytesMax: number
  readonly #streamsMax: number
  readonly #replyBytesMax: number
  #requests = 0
  #requestBytes = 0
  #streams = 0
  #replyBytes = 0

  private constructor(requestsMax: number, requestBytesMax: number, streamsMax: number, replyBytesMax: number) {
    this.#requestsMax = requestsMax
    this.#requestBytesMax = requestBytesMax
    this.#streamsMax = streamsMax
    this.#replyBytesMax = replyBytesMax
  }

  static ofSession(limits: Limits): PeerBudget {
    return new PeerBudget(limits.peerRequestsMax, limits.peerRequestBytesMax, limits.peerStreamsMax, limits.peerReplyBytesMax)
  }

  static ofAll(limits: Limits): PeerBudget {
    return new PeerBudget(
      limits.peerRequestsTotalMax,
      limits.peerRequestBytesTotalMax,
      limits.peerStreamsTotalMax,
      limits.peerReplyBytesTotalMax,
    )
  }

  takesRequest(bytes: number): boolean {
    return this.#requests < this.#requestsMax && this.#requestBytes + bytes <= this.#requestBytesMax
  }

  addRequest(bytes: number): void {
    this.#requests += 1
    this.#requestBytes += bytes
  }

  freeRequest(bytes: number): void {
    this.#requests -= 1
    this.#requestBytes -= bytes
  }

  takesStream(): boolean {
    return this.#streams < this.#streamsMax
  }

  addStream(): void {
    this.#streams += 1
  }

  freeStream(): void {
    this.#streams -= 1
  }

  /** `waitingBytes`: what waits beside the answers that are counted. */
  takesReply(bytes: number, waitingBytes: number): boolean {
    return this.#replyBytes + waitingBytes + bytes <= this.#replyBytesMax
  }

  addReply(bytes: number): void {
    this.#replyBytes += bytes
  }

  freeReply(bytes: number): void {
    this.#replyBytes -= bytes
  }
}
