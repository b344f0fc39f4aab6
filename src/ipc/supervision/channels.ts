/** The one channel from a preload to main, and the one back. In a file without imports: the preload is as small as can be. */
export const connectChannel = 'memo:connect'
export const portChannel = 'memo:port'
