// A program with Sentry's SDK for Go.
package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/getsentry/sentry-go"
)

type PumpError struct{ cause error }

func (e *PumpError) Error() string { return "pump 3 lost suction" }
func (e *PumpError) Unwrap() error { return e.cause }

func start() error {
	return &PumpError{errors.New("no pressure")}
}

func main() {
	if err := sentry.Init(sentry.ClientOptions{}); err != nil {
		panic(err)
	}
	sentry.ConfigureScope(func(scope *sentry.Scope) {
		scope.SetUser(sentry.User{ID: "42"})
		scope.SetTag("pump", "3")
	})
	sentry.CaptureException(start())
	sentry.CaptureMessage("The pump has stopped")
	if !sentry.Flush(10 * time.Second) {
		panic(fmt.Errorf("not sent"))
	}
}
