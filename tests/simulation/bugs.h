// Bugs that are planted where the parts meet, each of which the simulator has to find.
#pragma once

namespace sanctum::simulation {

enum class Bug {
  kNone,
  kForgetsTheLastToken,      // of what was said, when the next engine is told
  kStartsOver,               // the next engine is told nothing
  kAnotherSeed,              // it draws its own
  kSaysTextTwice,            // a row's text comes once more after a resume
  kLosesText,                // a row's text does not come
  kSwapsRows,                // two requests get each other's text
  kNeverEnds,                // the last word is lost
  kHidesADeath,              // nobody tells the gateway that the engine died
  kHidesReadiness,           // nor that the next one is there
  kNeverKills,               // a SIGKILL is not sent
  kStartsBesideTheOld,       // an engine is started before the last is gone
  kKillsWithoutCause,        // a healthy engine is ended
  kForgetsHeldText,          // what is held back at the end is not said
  kBlamesEverybody,          // every request is suspected of every death
  kIgnoresTheProbe,          // an engine that lies is left alone
  kOutlivesTheDrain,         // the engine is not told to leave
  kForgetsAtTheDrain,        // nor the clients that nothing more will come
  kNeverForgetsTheFormer,    // a program is on trial for ever
  kForgetsTheFormerAtOnce,   // it is on no trial at all
  kNeverLooksAtThePrograms,  // whether one was mended while the engine is parked
  kLosesAReplacement,        // the next program is not told
  kHidesParking,             // nobody tells the gateway that no engine will come
  kRefusesForTheOther,       // what another server would answer is refused
  kKeepsTheOther,            // nobody tells it that our engine works again
  kCanary,                   // the simplest of all; the last
};

}  // namespace sanctum::simulation
