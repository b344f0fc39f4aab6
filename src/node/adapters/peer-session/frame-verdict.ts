/** What came of a frame. `idle`: nothing, which honest frames that crossed an end may come to, but not all the time. */
export type FrameVerdict = 'taken' | 'idle' | 'malformed' | 'flood'
