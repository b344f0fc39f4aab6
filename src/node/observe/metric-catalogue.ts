/**
 * Every metric of memo's own: name, unit, labels and buckets. Labels take their values from closed unions, so that the number of
 * series is bounded whatever callers send. docs/OPERATIONS.md lists them for people. Process, collector and event-loop metrics
 * come from the meter's adapter.
 */

/** From 50 µs to 10 s: an fdatasync of a fast disk is at the lower end, a call that waits out its deadline beyond the upper. */
const durationBuckets: readonly number[] = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
const countBuckets: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
const sizeBuckets: readonly number[] = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216]

export const metricCatalogue = {
  grpcCallDuration: {
    name: 'memo_grpc_call_duration_seconds',
    help: 'Time from the arrival of a gRPC call to its status.',
    labels: ['method', 'status'],
    buckets: durationBuckets,
  },
  controlCallDuration: {
    name: 'memo_control_call_duration_seconds',
    help: 'Time from the arrival of a call of a screen to its answer, or to the beginning of its stream.',
    labels: ['procedure', 'code'],
    buckets: durationBuckets,
  },
  controlWireFailures: {
    name: 'memo_control_wire_failures_total',
    help: 'Messages of screens that were no calls, and answers that could not be sent to one.',
    labels: ['reason'],
  },
  tlsHandshakesFailed: {
    name: 'memo_grpc_tls_handshakes_failed_total',
    help: 'Callers of the TLS port who came to no call: by certificate, by protocol, gone by themselves, or silent for too long.',
    labels: ['cause'],
  },
  unreadConnections: {
    name: 'memo_grpc_unread_connections_ended_total',
    help: 'Connections ended because they left their answers unread: others had no room, or they stood still for too long.',
    labels: ['cause'],
  },
  httpRequests: { name: 'memo_http_requests_total', help: 'Answers of the HTTP port.', labels: ['route', 'status'] },
  httpFailures: {
    name: 'memo_http_failures_total',
    help: 'Requests of the HTTP port that met an error in the node.',
    labels: ['route'],
  },
  consoleSignIns: {
    name: 'memo_console_sign_ins_total',
    help: 'Attempts to sign in to the web console: accepted, refused, or limited because too many had failed before.',
    labels: ['outcome'],
  },
  consoleSockets: { name: 'memo_console_sockets_total', help: 'Screens that connected through the web console.' },
  consoleSocketsEnded: {
    name: 'memo_console_sockets_ended_total',
    help: 'Sockets of screens that the node ended: they were silent, left too much unread, or broke the protocol.',
    labels: ['cause'],
  },
  commitDuration: {
    name: 'memo_commit_duration_seconds',
    help: 'Time that one group of batches took to be written and synced to the journal.',
    buckets: durationBuckets,
  },
  syncDuration: { name: 'memo_fsync_duration_seconds', help: 'Time of one fdatasync of the journal.', buckets: durationBuckets },
  commitBatches: {
    name: 'memo_commit_batches',
    help: 'Batches that went down in one write and one fdatasync; one batch holds the changes of a whole turn.',
    buckets: countBuckets,
  },
  commitBytes: { name: 'memo_commit_bytes', help: 'Bytes of one write to the journal.', buckets: sizeBuckets },
  indexDuration: {
    name: 'memo_index_duration_seconds',
    help: 'Time of one synced batch of the index behind the journal.',
    buckets: durationBuckets,
  },
  indexRecords: { name: 'memo_index_records_total', help: 'Records written to the index.' },
  segmentsMade: { name: 'memo_journal_segments_made_total', help: 'Journal segments made since the start.' },
  segmentsReclaimed: { name: 'memo_journal_segments_reclaimed_total', help: 'Journal segments given back since the start.' },
  reclaimedBytesMoved: { name: 'memo_journal_reclaim_moved_bytes_total', help: 'Live bytes copied out of reclaimed segments.' },
  tailBytesCut: { name: 'memo_journal_tail_cut_bytes_total', help: 'Bytes of torn, never acknowledged writes cut at the start.' },
  damageFound: {
    name: 'memo_damage_found_total',
    help: 'Damaged or missing records, journal frames and files found, mended or not. Anything but 0 needs a person.',
  },
  scrubRounds: { name: 'memo_scrub_rounds_total', help: 'Full rounds in which the running store read all of itself again.' },
  scrubBytes: { name: 'memo_scrub_bytes_total', help: 'Bytes read in these rounds.' },
  scrubLastRound: {
    name: 'memo_scrub_last_round_timestamp_seconds',
    help: 'When the last full round ended, since the Unix epoch; absent before the end of the first.',
  },
  scrubFindings: { name: 'memo_scrub_findings', help: 'Findings of the last full round and of the one under way.' },
  valueBytesWritten: { name: 'memo_value_bytes_written_total', help: 'Bytes of values and of blocks that callers wrote.' },
  valueBytesRead: { name: 'memo_value_bytes_read_total', help: 'Bytes of values and of blocks that callers read.' },
  conflicts: { name: 'memo_precondition_conflicts_total', help: 'Changes refused because their precondition did not hold.' },
  queueFull: { name: 'memo_queue_full_total', help: 'Changes refused because too many waited at one block.' },
  valuesCollected: {
    name: 'memo_values_collected_total',
    help: 'Replaced, removed or abandoned values deleted after their grace.',
  },
  clusterNodes: {
    name: 'memo_cluster_nodes',
    help: 'Nodes of the network that are known here, this one included.',
    labels: ['state'],
  },
  clusterQuorumMembers: { name: 'memo_cluster_quorum_members', help: "Members of the network's own block." },
  clusterQuorumAlive: { name: 'memo_cluster_quorum_alive', help: 'Those of them that are alive as far as this node knows.' },
  clusterQuorumNeeded: { name: 'memo_cluster_quorum_needed', help: 'How many of them decide.' },
  clusterGroupsPending: {
    name: 'memo_cluster_groups_pending',
    help: 'Blocks led by this node whose members are not yet those of the newest placement map.',
  },
  clusterCopiesPending: {
    name: 'memo_cluster_copies_pending',
    help: 'Copies of content that this node has to look after because of the newest placement map; absent while it does not know.',
  },
  copyReads: {
    name: 'memo_copy_reads_total',
    help: 'Bounded and eventual reads of mutable blocks, by who answered: the copy of this node, that of another one, or the primary.',
    labels: ['consistency', 'source'],
  },
  copyConfirmations: {
    name: 'memo_copy_confirmations_total',
    help: 'Questions to primaries up to where their block is committed, asked for bounded reads, and what became of them.',
    labels: ['outcome'],
  },
  clusterHealth: {
    name: 'memo_cluster_patience',
    help: 'How many times longer than usual this node waits before it suspects others, because it is slow itself: from 1.',
  },
  clusterStateChanges: {
    name: 'memo_cluster_state_changes_total',
    help: 'Nodes that were found alive, suspect or dead, or left.',
    labels: ['to'],
  },
  nodeRecordsRefused: {
    name: 'memo_node_records_refused_total',
    help: 'Records of nodes that were not taken, and messages about nodes that no node sends.',
    labels: ['reason'],
  },
  nodesRolledBack: {
    name: 'memo_nodes_rolled_back_total',
    help: 'Data directories that came back older than they were: of this node, and of others.',
    labels: ['whose'],
  },
  nodesCopied: {
    name: 'memo_nodes_copied_total',
    help: 'Data directories that two processes were seen to run on, as copies: of this node, and of others.',
    labels: ['whose'],
  },
  peerSessions: {
    name: 'memo_peer_sessions_total',
    help: 'Sessions with other nodes that began, by who dialled.',
    labels: ['side'],
  },
  peerSessionsEnded: {
    name: 'memo_peer_sessions_ended_total',
    help: 'Sessions with other nodes that ended.',
    labels: ['reason'],
  },
  peerHellosRefused: {
    name: 'memo_peer_hellos_refused_total',
    help: 'Connections of the port for nodes whose hello was refused.',
    labels: ['reason'],
  },
  peerDialsFailed: { name: 'memo_peer_dials_failed_total', help: 'Endpoints of other nodes that were not reached.' },
  peerMessagesDropped: {
    name: 'memo_peer_messages_dropped_total',
    help: 'One-way messages to other nodes that could not be sent; whoever sends them sends them again.',
  },
  peerBytesDropped: { name: 'memo_peer_dropped_bytes_total', help: 'Bytes of these messages.' },
  backgroundFailures: { name: 'memo_background_failures_total', help: 'Background tasks that failed unexpectedly.' },
  nodeInfo: { name: 'memo_node_info', help: 'Always 1; the labels say which version runs.', labels: ['version'] },
  running: { name: 'memo_node_running', help: '1 while the node serves, else 0.' },
  storeSuspect: { name: 'memo_store_suspect', help: '1 when durable records are missing and the store is read-only, else 0.' },
  storeLiveBytes: { name: 'memo_store_live_bytes', help: 'Keys and values of all live records.' },
  storeDiskBytes: { name: 'memo_store_disk_bytes', help: 'Bytes that journal and index take on the disk.' },
  storeLimitBytes: {
    name: 'memo_store_limit_bytes',
    help: 'The capacity set for the store; absent where only the disk limits it.',
  },
  storeReserveBytes: { name: 'memo_store_reserve_bytes', help: 'Space kept for removals and the own records of the store.' },
  diskFreeBytes: { name: 'memo_disk_free_bytes', help: 'Free bytes of the file system of the data directory.' },
  storeSegments: { name: 'memo_journal_segments', help: 'Journal segments on the disk.' },
  storeRecords: { name: 'memo_store_records', help: 'Records by family.', labels: ['family'] },
  keys: { name: 'memo_keys', help: 'Keys of the default store.' },
  collectable: { name: 'memo_collectable_values', help: 'Values that wait for the end of their grace.' },
} as const
