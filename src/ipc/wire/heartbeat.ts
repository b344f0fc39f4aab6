/**
 * What a node says on every socket each `wireLimits.heartbeatMs`, because a browser does not see pings. It is no frame: no call is
 * answered by it, and channels drop it.
 */
export const heartbeatText = 'heartbeat'
