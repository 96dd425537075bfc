/** How badly a run is treated. Probabilities, of each question, frame or step; times in milliseconds. */
export interface Weather {
  /** The connection drops while questions are under way. */
  readonly questionLost: number
  /** The connection drops before or after a step is done. */
  readonly stepLost: number
  /** Only the shell of a frame ends, and the connection stays. */
  readonly shellLost: number
  /** After a connection dropped, the rest of its frame is done all the same. */
  readonly goesOn: number
  /** After a connection dropped, nobody reaches the machine for a while. */
  readonly staysDown: number
  readonly stepFails: number
  readonly slow: number
}

export const calm: Weather = {
  questionLost: 0,
  stepLost: 0,
  shellLost: 0,
  goesOn: 0,
  staysDown: 0,
  stepFails: 0,
  slow: 0,
}
