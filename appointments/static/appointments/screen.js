// A screen in a waiting area says who is called, once each, after somebody has switched that on.
(function () {
  "use strict";
  const button = document.querySelector("[data-voice]");
  if (!button || !window.speechSynthesis) return;
  const known = new Set();
  let isOn = false;
  button.hidden = false;

  function calls() {
    return [...document.querySelectorAll("[data-call]")];
  }

  function speak() {
    for (const call of calls()) {
      if (known.has(call.dataset.call)) continue;
      known.add(call.dataset.call);
      if (isOn) say(call.dataset.words);
    }
  }

  function say(text) {
    const words = new SpeechSynthesisUtterance(text);
    words.lang = document.documentElement.lang;
    window.speechSynthesis.speak(words);
  }

  button.addEventListener("click", function () {
    isOn = true;
    button.hidden = true;
    // Whoever switches it on hears whether the screen has a loudspeaker.
    say(button.dataset.voice);
  });
  document.addEventListener("renewed", speak);
  speak();
})();
