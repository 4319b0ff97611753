// The place in a video that everything on the page follows: the video's own while it plays, or,
// where a browser cannot play it, a place among the sampled frames.

export class Playhead extends EventTarget {
  #video;
  #time = 0;

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

  // From now on without the video, which cannot be played.
  release() {
    this.#video = null;
    this.#tell(this.#time);
  }

  #tell(time) {
    this.#time = time;
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
