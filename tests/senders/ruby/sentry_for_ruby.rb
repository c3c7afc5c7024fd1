# A program with Sentry's SDK for Ruby.
require "sentry-ruby"

Sentry.init { |config| config.background_worker_threads = 0 }
Sentry.set_user(id: "42")
Sentry.set_tags(pump: "3")

class PumpError < StandardError; end

def start
  {}.fetch("pressure")
rescue KeyError
  raise PumpError, "pump 3 lost suction"
end

begin
  start
rescue PumpError => error
  Sentry.capture_exception(error)
end
Sentry.capture_message("The pump has stopped")
