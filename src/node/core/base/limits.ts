/** Every limit of the node in one place; tests shrink them by passing other values. What callers meet of them: docs/API.md, Limits. */

import type { ConsensusLimits } from './consensus-limits.ts'
import { defaultConsensusLimits } from './consensus-limits.ts'
import type { ContentLimits } from './content-limits.ts'
import { defaultContentLimits } from './content-limits.ts'
import type { DirectoryLimits } from './directory-limits.ts'
import { defaultDirectoryLimits } from './directory-limits.ts'
import type { SwimLimits } from './swim-limits.ts'
import { defaultSwimLimits } from './swim-limits.ts'

export interface Limits extends SwimLimits, DirectoryLimits, ConsensusLimits, ContentLimits {
  /** Bytes of a user's key in UTF-8. */
  readonly keyBytesMax: number
  /** Bytes of a stored content block's payload before it is cut into chunks under a manifest. */
  readonly chunkBytes: number
  /** Bytes of the readable data of one block in the value store: fits the 4 MiB that clients of gRPC and frames take by default. */
  readonly blockPayloadBytesMax: number
  /** Bytes of the name of a named block. */
  readonly blockNameBytesMax: number
  /** Bytes of one value in a unary call; larger ones use the streaming calls. */
  readonly unaryValueBytesMax: number
  /** Bytes of a value sent by the streaming calls. */
  readonly streamValueBytesMax: number
  /** Bytes of a value's content type. */
  readonly contentTypeBytesMax: number
  /** Bytes of one atomic batch of the store. */
  readonly batchBytesMax: number
  /** Bytes of a payload above which it stays in the journal and only its place is indexed. */
  readonly inlinePayloadBytesMax: number
  /** Bytes of the journal that a start may have to replay; writes wait above it. */
  readonly replayBytesMax: number
  /** Changed records that the index may be behind, since they are held in memory; writes wait above it. */
  readonly replayRecordsMax: number
  /** Bytes of one journal segment. */
  readonly segmentBytes: number
  /** Bytes of one write of the journal; a larger single batch goes alone. */
  readonly commitGroupBytesMax: number
  /** Bytes of batches that wait for the journal; beyond them a commit is refused as `queue-full`. */
  readonly commitQueueBytesMax: number
  /**
   * Bytes of the disk held in a file for removals, the index and a start, and of a limit kept free for them; at most, since a small
   * store keeps a sixteenth of its limit. As many are kept free beside the file.
   */
  readonly storeReserveBytes: number
  /** After a full disk was met, the time until more room is asked for again. */
  readonly diskFullRetryMs: number
  /** How long the index gathers before it writes a batch, and the bytes of one. */
  readonly indexDelayMs: number
  readonly indexBatchBytesMax: number
  /** Batches of the index between two times that LevelDB is told to write its tables. */
  readonly indexMarkersMax: number
  /** Bytes of LevelDB's write buffer and of its block cache. */
  readonly indexWriteBufferBytes: number
  readonly indexCacheBytes: number
  /** Bytes of values that the store caches. */
  readonly valueCacheBytes: number
  /** A read of the index slower than this sends the following ones to the thread pool for a while. */
  readonly slowReadMs: number
  readonly asyncReadsMs: number
  /** Payloads read at once, and segment files held open for it. */
  readonly payloadReadsMax: number
  readonly segmentFilesMax: number
  /** Share of live bytes, in percent, below which a segment is copied out and removed. */
  readonly reclaimLivePercent: number
  /** Records of one scan. */
  readonly scanRecordsMax: number
  /** Requests that wait at one block. */
  readonly queueRequestsMax: number
  /** Bytes of the requests that wait at one block; a single request may be larger. */
  readonly queueBytesMax: number
  /** Requests folded into one entry of a block. */
  readonly foldRequestsMax: number
  /** Bytes folded into one entry of a block, piggybacked values included; a larger single request goes alone. */
  readonly foldBytesMax: number
  /** Outcomes of callers' request ids kept for a block. */
  readonly outcomesMax: number
  /** Bytes of the mutable blocks in memory, beyond which those are forgotten at which nothing waits, as beyond their number. */
  readonly hostedBytesMax: number
  /** How long an outcome is kept, by the HLC of its request id. */
  readonly outcomeRetentionMs: number
  /** Sessions of origin nodes whose batches a map block remembers. */
  readonly originSessionsMax: number
  /** Deadline of a call that brings none. */
  readonly callTimeoutMs: number
  /** How far an HLC may run ahead of the last journaled reservation. */
  readonly clockReservationMs: number
  /** How far a foreign HLC or a caller's clock may be ahead of this node's. */
  readonly clockSkewMaxMs: number
  /** How long a passport that this node issues is valid, and how long it ties its key to a connection; the protocol's bounds are higher. */
  readonly passportValidityMs: number
  readonly bindingValidityMs: number
  /** How long an unnamed value is kept before it is collected. */
  readonly collectGraceMs: number
  /** How long a removal is remembered. */
  readonly horizonMs: number
  /** Time between two searches for removals beyond the horizon. */
  readonly sweepIntervalMs: number
  /** Signatures of blocks that are remembered as verified, 32 bytes each. */
  readonly verifiedVersionsMax: number
  /** Bytes that the store reads again in the background, each second, and the rest between two rounds over everything. */
  readonly scrubBytesPerSecond: number
  readonly scrubIdleMs: number
  /** Rest after a round that could not be ended, and the least time between the starts of two rounds when a call has met damage. */
  readonly scrubRetryMs: number
  /** Findings that a verification, or a round of the scrub, lists one by one. */
  readonly findingsMax: number
  /** How long a stop waits for requests in flight. */
  readonly stopTimeoutMs: number
  /** Time between two searches for values that are due for collection. */
  readonly collectIntervalMs: number
  /** Candidates for collection that are judged in one step, and blocks that one step removes. */
  readonly collectStepMax: number
  /** Chunks of one upload that are on their way to the disk. */
  readonly uploadChunksMax: number
  /** Bytes of opened small values kept in memory, their overhead included. */
  readonly valueCacheBytesMax: number
  /** Bytes of a value above which it is not kept in memory. */
  readonly valueCacheItemBytesMax: number
  /** Keys of one listed page, and its bytes in a compatible List. */
  readonly listKeysMax: number
  readonly listBytesMax: number
  /** Operations of one Batch call. */
  readonly batchOperationsMax: number
  /** Public keys kept ready for verifying signatures. */
  readonly verifyKeysMax: number
  /** Keys of content blocks kept ready: one for each start of a node whose blocks are read, and for each rollover. */
  readonly contentKeysMax: number
  /** Content blocks sealed under one key before the node draws the next. */
  readonly contentBlocksPerKeyMax: number
  /** Keys of one page of the native List and its bytes of keys and values: with the metadata it stays below a client's usual 4 MiB. */
  readonly nativeListKeysMax: number
  readonly nativeListBytesMax: number
  /** Bytes of one gRPC message in either direction. */
  readonly grpcMessageBytesMax: number
  /** Connections to the gRPC port, and calls in flight on one of them; further calls wait at the client. */
  readonly grpcConnectionsMax: number
  readonly grpcStreamsMax: number
  /** Bytes of decoded requests of unary calls that have not ended; a single larger request passes when no other is there. */
  readonly grpcRequestBytesMax: number
  /** Bytes of answers that have not left, of all connections and of one; a single larger answer passes when no other is there. */
  readonly grpcAnswerBytesMax: number
  readonly grpcConnectionAnswerBytesMax: number
  /**
   * How long a connection may take nothing of the answers that wait for it while the room for answers is nearly used up, how long at
   * all (a single stream of a value, too), and the time between two looks.
   */
  readonly grpcUnreadTimeoutMs: number
  readonly grpcUnreadMaxMs: number
  readonly grpcUnreadLookMs: number
  /** Failed TLS handshakes of one cause within a minute that are logged one by one. */
  readonly grpcHandshakesToldPerMinute: number
  /** Bytes of a status message as it travels; clients refuse headers above 8 KiB. */
  readonly grpcStatusBytesMax: number
  /** How long a connection may be silent before it is probed, and how long the probe waits for its answer. */
  readonly grpcKeepaliveMs: number
  readonly grpcKeepaliveTimeoutMs: number
  /** How long a stop waits for calls in flight before it ends them. */
  readonly grpcStopGraceMs: number
  /** Connections to the HTTP port, sockets of screens among them, and bytes of the headers and of the body of one request. */
  readonly httpConnectionsMax: number
  readonly httpHeaderBytesMax: number
  readonly httpBodyBytesMax: number
  /** How long a request may take to arrive, and how long a stop waits for answers that have not left. */
  readonly httpRequestTimeoutMs: number
  readonly httpStopGraceMs: number
  /** How long a token of the web console signs somebody in, once, and the tokens that wait for it; beyond them the oldest is void. */
  readonly consoleTokenTtlMs: number
  readonly consoleTokensMax: number
  /** Sessions of the web console; beyond them the one that was used least recently ends. */
  readonly consoleSessionsMax: number
  /** Sign-ins that fail from one address within one window before further failures are told to wait, and addresses that are counted. */
  readonly consoleSignInFailuresMax: number
  readonly consoleSignInWindowMs: number
  readonly consoleSignInAddressesMax: number
  /** Sockets of screens, of all sessions and of one. */
  readonly consoleSocketsMax: number
  readonly consoleSessionSocketsMax: number
  /** Time between two looks at a socket: one that has not answered the look before is ended. */
  readonly consolePingMs: number
  /** Bytes that wait to be taken by one screen; beyond them its socket is ended. */
  readonly consoleUnreadBytesMax: number
  /** Bytes of one frame between nodes, of what one message, request or answer carries, and of a hello. */
  readonly peerFrameBytesMax: number
  readonly peerBodyBytesMax: number
  readonly peerHelloBytesMax: number
  /** Bytes of a piece of a bulk body or a stream: what anything urgent waits for at most. */
  readonly peerPieceBytes: number
  /** Bytes of messages that wait to leave for one node, while it is dialled too; beyond them messages are dropped. */
  readonly peerQueueBytesMax: number
  /** Endpoints of one node that are tried, and how long one may take to be reached. */
  readonly peerEndpointsMax: number
  readonly peerDialTimeoutMs: number
  /** Rest after a dial that reached nobody, which doubles up to the other. */
  readonly peerDialRestMs: number
  readonly peerDialRestMaxMs: number
  /** How long a TLS handshake may take, and how long a greeting. */
  readonly peerHandshakeTimeoutMs: number
  readonly peerHelloTimeoutMs: number
  /** How long a peer may be silent before it is pinged, and before its session ends. */
  readonly peerPingMs: number
  readonly peerSilenceMs: number
  /** A peer that takes nothing for this time while as many bytes wait is ended. */
  readonly peerStalledBytes: number
  readonly peerStalledMs: number
  /** The longest time between two looks at when a session expires. */
  readonly peerExpiryLookMs: number
  /** Nodes with which sessions stand; connections of others, in all, and those that have not been greeted. */
  readonly peerSessionsMax: number
  readonly peerConnectionsMax: number
  readonly peerGreetingsMax: number
  /** Requests of one peer without an answer and their bytes, in one session and in all. */
  readonly peerRequestsMax: number
  readonly peerRequestBytesMax: number
  readonly peerRequestsTotalMax: number
  readonly peerRequestBytesTotalMax: number
  /** Bytes that wait to be taken by one peer, and those of large answers to all, beyond which further answers are refused. */
  readonly peerReplyBytesMax: number
  readonly peerReplyBytesTotalMax: number
  /** Streams that one peer has opened, in one session and in all, and bytes of one that its reader has not taken. */
  readonly peerStreamsMax: number
  readonly peerStreamsTotalMax: number
  readonly peerStreamWindowBytes: number
  /** Frames that come to nothing within a second, pings among them. */
  readonly peerIdleFramesPerSecond: number
  /** Requests for admission at once, of one address within a minute, their bytes, and how long one may take. */
  readonly peerJoinersMax: number
  readonly peerJoinsPerMinute: number
  readonly peerJoinBytesMax: number
  readonly peerJoinTimeoutMs: number
  /** Addresses of other nodes that are counted; how long one is not taken after it sent what no node sends. */
  readonly peerAddressesMax: number
  readonly peerSlowedMs: number
  /** How long a connection that ends may take to give away what was written last. */
  readonly peerLingerMs: number
  /** How long a stop waits for what serves other nodes. */
  readonly peerStopMs: number
}

export const defaultLimits: Limits = {
  ...defaultSwimLimits,
  ...defaultDirectoryLimits,
  ...defaultConsensusLimits,
  ...defaultContentLimits,
  keyBytesMax: 4096,
  chunkBytes: 1024 * 1024,
  blockPayloadBytesMax: 3 * 1024 * 1024,
  blockNameBytesMax: 4096,
  unaryValueBytesMax: 63 * 1024 * 1024,
  streamValueBytesMax: 1024 * 1024 * 1024 * 1024,
  contentTypeBytesMax: 255,
  batchBytesMax: 8 * 1024 * 1024,
  inlinePayloadBytesMax: 16 * 1024,
  replayBytesMax: 64 * 1024 * 1024,
  replayRecordsMax: 65_536,
  segmentBytes: 16 * 1024 * 1024,
  commitGroupBytesMax: 4 * 1024 * 1024,
  commitQueueBytesMax: 256 * 1024 * 1024,
  storeReserveBytes: 16 * 1024 * 1024,
  diskFullRetryMs: 500,
  indexDelayMs: 250,
  indexBatchBytesMax: 256 * 1024,
  indexMarkersMax: 8192,
  indexWriteBufferBytes: 4 * 1024 * 1024,
  indexCacheBytes: 16 * 1024 * 1024,
  valueCacheBytes: 16 * 1024 * 1024,
  slowReadMs: 2,
  asyncReadsMs: 1000,
  payloadReadsMax: 16,
  segmentFilesMax: 64,
  reclaimLivePercent: 25,
  scanRecordsMax: 10_000,
  queueRequestsMax: 4096,
  queueBytesMax: 256 * 1024 * 1024,
  foldRequestsMax: 512,
  foldBytesMax: 1024 * 1024,
  outcomesMax: 65_536,
  hostedBytesMax: 64 * 1024 * 1024,
  outcomeRetentionMs: 10 * 60_000,
  originSessionsMax: 64,
  callTimeoutMs: 30_000,
  clockReservationMs: 1000,
  clockSkewMaxMs: 60_000,
  passportValidityMs: 90 * 24 * 60 * 60_000,
  bindingValidityMs: 7 * 24 * 60 * 60_000,
  collectGraceMs: 60 * 60_000,
  horizonMs: 30 * 24 * 60 * 60_000,
  sweepIntervalMs: 6 * 60 * 60_000,
  verifiedVersionsMax: 16_384,
  scrubBytesPerSecond: 2 * 1024 * 1024,
  scrubIdleMs: 6 * 60 * 60_000,
  scrubRetryMs: 10 * 60 * 1000,
  findingsMax: 1000,
  stopTimeoutMs: 5000,
  collectIntervalMs: 10_000,
  collectStepMax: 256,
  uploadChunksMax: 4,
  valueCacheBytesMax: 32 * 1024 * 1024,
  valueCacheItemBytesMax: 64 * 1024,
  listKeysMax: 10_000,
  listBytesMax: 3 * 1024 * 1024,
  batchOperationsMax: 10_000,
  verifyKeysMax: 1024,
  contentKeysMax: 1024,
  contentBlocksPerKeyMax: 2 ** 20,
  nativeListKeysMax: 5000,
  nativeListBytesMax: 2 * 1024 * 1024,
  grpcMessageBytesMax: 64 * 1024 * 1024,
  grpcConnectionsMax: 1024,
  grpcStreamsMax: 1024,
  grpcRequestBytesMax: 256 * 1024 * 1024,
  grpcAnswerBytesMax: 256 * 1024 * 1024,
  grpcConnectionAnswerBytesMax: 192 * 1024 * 1024,
  grpcUnreadTimeoutMs: 30_000,
  grpcUnreadMaxMs: 15 * 60_000,
  grpcUnreadLookMs: 10_000,
  grpcHandshakesToldPerMinute: 10,
  grpcStatusBytesMax: 6 * 1024,
  grpcKeepaliveMs: 60_000,
  grpcKeepaliveTimeoutMs: 20_000,
  grpcStopGraceMs: 5000,
  httpConnectionsMax: 128,
  httpHeaderBytesMax: 8 * 1024,
  httpBodyBytesMax: 4 * 1024,
  httpRequestTimeoutMs: 10_000,
  httpStopGraceMs: 500,
  consoleTokenTtlMs: 5 * 60_000,
  consoleTokensMax: 16,
  consoleSessionsMax: 64,
  consoleSignInFailuresMax: 10,
  consoleSignInWindowMs: 60_000,
  consoleSignInAddressesMax: 1024,
  consoleSocketsMax: 64,
  consoleSessionSocketsMax: 16,
  consolePingMs: 30_000,
  consoleUnreadBytesMax: 64 * 1024 * 1024,
  peerFrameBytesMax: 10 * 1024 * 1024,
  peerBodyBytesMax: 10 * 1024 * 1024 - 1024,
  peerHelloBytesMax: 32 * 1024,
  peerPieceBytes: 64 * 1024,
  peerQueueBytesMax: 16 * 1024 * 1024,
  peerEndpointsMax: 8,
  peerDialTimeoutMs: 5000,
  peerDialRestMs: 100,
  peerDialRestMaxMs: 10_000,
  peerHandshakeTimeoutMs: 5000,
  peerHelloTimeoutMs: 5000,
  peerPingMs: 5000,
  peerSilenceMs: 15_000,
  peerStalledBytes: 1024 * 1024,
  peerStalledMs: 10_000,
  peerExpiryLookMs: 60_000,
  peerSessionsMax: 512,
  peerConnectionsMax: 1024,
  peerGreetingsMax: 64,
  peerRequestsMax: 1024,
  peerRequestBytesMax: 64 * 1024 * 1024,
  peerRequestsTotalMax: 8192,
  peerRequestBytesTotalMax: 256 * 1024 * 1024,
  peerReplyBytesMax: 64 * 1024 * 1024,
  peerReplyBytesTotalMax: 256 * 1024 * 1024,
  peerStreamsMax: 64,
  peerStreamsTotalMax: 512,
  peerStreamWindowBytes: 512 * 1024,
  peerIdleFramesPerSecond: 20_000,
  peerJoinersMax: 16,
  peerJoinsPerMinute: 10,
  peerJoinBytesMax: 8 * 1024,
  peerJoinTimeoutMs: 30_000,
  peerAddressesMax: 1024,
  peerSlowedMs: 10_000,
  peerLingerMs: 1000,
  peerStopMs: 5000,
}
