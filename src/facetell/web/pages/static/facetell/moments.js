// Where a face is at any time, and how suspicious: as it was scored, or in between.

// A face is not drawn between two scored frames that lie further apart: nobody looked there.
export const MOST_BRIDGED_S = 1;

const [TIME, P_FAKE] = [0, 1];

export function sideOf(pFake, data) {
  if (data.fake === null) return "";
  if (pFake >= data.fake) return "fake";
  return pFake <= data.real ? "real" : "inconclusive";
}

// As the reports write it: never rounded up to a certainty.
export function probability(value) {
  if (value > 0.99) return ">0.99";
  return value < 0.01 ? "<0.01" : value.toFixed(2);
}

export function clock(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// The faces in sight at a time: {face, pFake, box, scored}; `scored` is false in between.
export function facesAt(time, data) {
  const found = [];
  for (const face of data.faces) {
    const moment = momentAt(time, face.points, data.frame_s);
    if (moment) found.push({ face, ...moment });
  }
  return found;
}

function momentAt(time, points, frameS) {
  const after = firstAfter(time, points);
  const [left, right] = [points[after - 1], points[after]];
  const slack = Math.max(frameS * 0.6, 0.01);
  const nearest = !right || (left && time - left[TIME] <= right[TIME] - time) ? left : right;
  if (nearest && Math.abs(nearest[TIME] - time) <= slack) {
    return { pFake: nearest[P_FAKE], box: nearest.slice(2), scored: true };
  }
  if (!left || !right || right[TIME] - left[TIME] > MOST_BRIDGED_S) return null;
  const share = (time - left[TIME]) / (right[TIME] - left[TIME]);
  const mixed = left.map((value, index) => value + (right[index] - value) * share);
  return { pFake: mixed[P_FAKE], box: mixed.slice(2), scored: false };
}

// Index of the first point later than `time`; its length if there is none.
function firstAfter(time, points) {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][TIME] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

// All moments at which a face was scored, each once, by time.
export function scoredTimes(data) {
  const times = data.faces.flatMap((face) => face.points.map((point) => point[TIME]));
  return [...new Set(times)].sort((one, other) => one - other);
}
