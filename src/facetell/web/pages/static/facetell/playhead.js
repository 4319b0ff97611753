// The place in a video that everything on the page follows: the video's own, or, where there is
// none that a browser can play, that of the nearest sampled frame.

export class Playhead extends EventTarget {
  #video;
  #snap = (time) => time;
  #time;

  constructor(video, start) {
    super();
    this.#video = video;
    this.#time = start;
    if (video) this.#follow(video);
  }

  get time() {
    return this.#time;
  }

  seek(time) {
    if (this.#video) {
      this.#video.currentTime = time;
    }
    this.#tell(time);
  }

  pause() {
    this.#video?.pause();
  }

  // From now on without a video: `snap` turns any time into one that can be shown.
  release(snap) {
    this.#video = null;
    this.#snap = snap;
    this.#tell(this.#time);
  }

  #tell(time) {
    this.#time = this.#snap(time);
    this.dispatchEvent(new Event("move"));
  }

  #follow(video) {
    const tell = (time) => {
      if (this.#video) this.#tell(time);
    };
    if ("requestVideoFrameCallback" in video) {
      // tells the time of the very frame that is shown
      const step = (_now, frame) => {
        tell(frame.mediaTime);
        video.requestVideoFrameCallback(step);
      };
      video.requestVideoFrameCallback(step);
    } else {
      const step = () => {
        if (!video.paused) tell(video.currentTime);
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
      for (const name of ["seeked", "pause"]) {
        video.addEventListener(name, () => tell(video.currentTime));
      }
    }
  }
}
