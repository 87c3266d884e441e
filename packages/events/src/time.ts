/** Arithmetic on given times, for decisions: they read no clock, so nothing else may name Date where decisions are made. */

/** RFC 3339, as events carry it. */
export const parseTime = (text: string): Date => new Date(text);

export const plusMs = (time: Date, ms: number): Date => new Date(time.getTime() + ms);
