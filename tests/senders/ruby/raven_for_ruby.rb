# A program with Raven, which was Sentry's SDK for Ruby until 2021.
require "raven"

Raven.user_context(id: "42")
Raven.tags_context(pump: "3")

class PumpError < StandardError; end

def start
  {}.fetch("pressure")
rescue KeyError
  raise PumpError, "pump 3 lost suction"
end

begin
  start
rescue PumpError => error
  Raven.capture_exception(error)
end
Raven.capture_message("The pump has stopped")
