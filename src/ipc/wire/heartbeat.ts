/**
 * What a node says on every socket each `wireLimits.heartbeatMs`, because a browser does not see pings. It is no frame: the
 * calling end of a wire passes over it, as over all that is none.
 */
export const heartbeatText = 'heartbeat'
